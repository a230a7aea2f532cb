import { chownSync, existsSync, mkdirSync, statSync } from 'node:fs';

const NOBODY = 65_534;
const SETPRIV = '/usr/bin/setpriv';

/**
 * PostgreSQL refuses to run as root. So when root starts it, this process begins anew as another user: the owner of the
 * data, or `nobody`. That user keeps one right of root's, to pass through folders that are closed to others, since a
 * clone often lies in root's home. Nothing on the machine is changed, and no user is made.
 */
export function leaveRoot(directory: string): void {
  if (process.getuid?.() !== 0 || !process.execve) {
    return;
  }
  if (!existsSync(SETPRIV)) {
    throw new Error(
      'PostgreSQL does not run as root, and setpriv (of util-linux) is missing to run it as another user. ' +
        'Start it as a plain user, or set DATABASE_URL and MIGRATOR_DATABASE_URL to use another server.',
    );
  }
  const user = ownerOf(directory) ?? NOBODY;
  mkdirSync(directory, { recursive: true });
  chownSync(directory, user, user);
  process.execve(
    SETPRIV,
    [
      SETPRIV,
      `--reuid=${user}`,
      `--regid=${user}`,
      '--clear-groups',
      // Else the kernel forgets the capability when a program asks with access() what it may do, as PostgreSQL does.
      '--securebits=+no_setuid_fixup',
      '--inh-caps=+dac_override',
      '--ambient-caps=+dac_override',
      process.execPath,
      ...process.execArgv,
      ...process.argv.slice(1),
    ],
    process.env,
  );
}

function ownerOf(directory: string): number | undefined {
  const owner = existsSync(directory) ? statSync(directory).uid : 0;
  return owner === 0 ? undefined : owner;
}
