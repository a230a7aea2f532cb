import { execFile } from 'node:child_process';
import { ROOT, readText } from './manifests.ts';

/** The exit codes of the migrator by their names, as it lists them. It is read: tools import no app. */
export function readExitCodes(): Readonly<Record<string, number>> {
  const source = readText('apps/migrator/src/exit-codes.ts');
  return Object.fromEntries(
    [...source.matchAll(/^ {2}(\w+): (\d+),$/gm)].map(([, name = '', code]) => [
      name,
      Number(code),
    ]),
  );
}

/** Runs the migrator with nothing in its environment: a command line that it takes gets as far as to miss that. */
export function startMigrator(
  args: readonly string[],
): Promise<{ readonly code: number; readonly stderr: string }> {
  const source = [
    '--conditions=@tenantry/source',
    '--import=@swc-node/register/esm-register',
    'apps/migrator/src/main.ts',
  ];
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env: { TS_NODE_PROJECT: 'tsconfig.base.json' } };
    const child = execFile(process.execPath, [...source, ...args], options, (_, __, stderr) => {
      resolve({ code: child.exitCode ?? -1, stderr });
    });
  });
}
