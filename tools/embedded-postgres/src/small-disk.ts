import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const UNSHARE = '/usr/bin/unshare';
const MOUNT_AND_GO_ON = 'mount -t tmpfs -o "size=$2m" tenantry "$1" && shift 2 && exec "$@"';

/**
 * Gives a server a disk that is soon full. This process begins anew in a mount namespace of its own, with a tmpfs in a
 * folder of the directory. Nobody else sees it, and it is gone with the last process that does, however that ends.
 *
 * Root may do so; others by a user namespace in which they are root, and another one within, in which they are not, since
 * PostgreSQL does not run as root. Where the machine allows neither, nothing happens.
 */
export function mountSmallDisk(directory: string, mebibytes: number): void {
  if (!process.execve || isMounted(directory)) {
    return;
  }
  const at = mountPoint(directory);
  mkdirSync(at, { recursive: true });
  const mount = ['sh', '-c', MOUNT_AND_GO_ON, 'sh', at, String(mebibytes)];
  const [user, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const command =
    user === 0
      ? [UNSHARE, '--mount', ...mount]
      : [
          ...[UNSHARE, '--user', '--map-root-user', '--mount', ...mount],
          ...[UNSHARE, '--user', `--map-user=${user}`, `--map-group=${group}`],
        ];
  // There is no way back from execve. And a user namespace takes the right away to pass through closed folders.
  const probe = [process.execPath, '-e', 'fs.accessSync(process.argv[1])', process.argv[1] ?? ''];
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  if (spawnSync(UNSHARE, [...command.slice(1), ...probe]).status === 0) {
    process.execve(UNSHARE, [...command, ...again], process.env);
  }
}

/** A folder on that disk that the server may use as the location of a tablespace; `undefined` where there is no disk. */
export function folderOnSmallDisk(directory: string): string | undefined {
  if (!isMounted(directory)) {
    return undefined;
  }
  const folder = join(mountPoint(directory), 'tablespace');
  // Of this user, who is not root any more: PostgreSQL wants to own it.
  mkdirSync(folder, { recursive: true });
  return folder;
}

function mountPoint(directory: string): string {
  return join(directory, 'small-disk');
}

function isMounted(directory: string): boolean {
  const device = (path: string): number | undefined =>
    statSync(path, { throwIfNoEntry: false })?.dev;
  const mounted = device(mountPoint(directory));
  return mounted !== undefined && mounted !== device(directory);
}
