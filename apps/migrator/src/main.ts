// Before anything else is loaded, so that stack traces name the lines that were written.
process.setSourceMapsEnabled(true);
const { run } = await import('./cli.ts');
process.exitCode = await run(process.argv);
