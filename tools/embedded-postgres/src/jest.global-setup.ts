import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { superviseServer } from './supervised-server.ts';

/** Starts a PostgreSQL for the test run, unless the developer brings one along, and tells the specs where it is. */
export default async function globalSetup(): Promise<void> {
  const run = `${process.pid}_${randomBytes(3).toString('hex')}`;
  process.env['TEST_RUN'] = run;
  if (!process.env['MIGRATOR_DATABASE_URL']) {
    const directory = join(tmpdir(), `tenantry-test-${run}`);
    const server = await superviseServer({ directory, port: 0, throwAway: true });
    Object.assign(process.env, server.address);
  }
}
