// Before anything else is loaded, so that stack traces name the lines that were written.
process.setSourceMapsEnabled(true);
const { serve } = await import('./serve.ts');
await serve();
