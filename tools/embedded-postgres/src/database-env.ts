import { writeFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ServerAddress } from './server.ts';

/** The data of the development server, under a folder that git ignores. */
export const DIRECTORY = resolve(import.meta.dirname, '../../../.data/postgres');

/** While the server runs this file says where: it is handed to the apps by node's own `--env-file-if-exists`. */
export const ENV_FILE = resolve(DIRECTORY, 'database.env');

export function publish(address: ServerAddress): void {
  const lines = Object.entries(address).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(ENV_FILE, lines.join(''), { mode: 0o600 });
}

export function withdraw(): void {
  rmSync(ENV_FILE, { force: true });
}

/** Whether the developer brings a server along. */
export function hasServerOfItsOwn(): boolean {
  return Boolean(process.env['DATABASE_URL'] ?? process.env['MIGRATOR_DATABASE_URL']);
}
