import { availableParallelism } from 'node:os';
import { Logger } from '@nestjs/common';
import { startRestartableServer } from '@tenantry/embedded-postgres';
import type { LoadOptions } from '@tenantry/seeding';
import { withDatabase } from './database.ts';
import { copyAgain } from './load-by-copy.ts';
import { writeLoadReport } from './load-report.ts';
import { runLoad } from './load-run.ts';

/**
 * The profile `load` by its seeders, and COPY of the same rows into the same tables afterwards. Takes some
 * minutes; `--short` takes less than one, and says less.
 */
Logger.overrideLogger(['error']);
const isShort = process.argv.includes('--short');
const concurrency = 2 * availableParallelism();
const options: LoadOptions = {
  ...(isShort ? { tenants: 200, rows: 20_000 } : { tenants: 10_000, rows: 1_000_000 }),
  dedicated: 20,
  skew: 'zipf',
  seed: 1,
};
const server = await startRestartableServer({
  settings: { max_connections: 50, max_locks_per_transaction: 256, shared_buffers: '512MB' },
});
try {
  await withDatabase(server.address, 1, async ({ config, pool }) => {
    const run = await runLoad(config, options, concurrency);
    const copy = await copyAgain(pool);
    await writeLoadReport({ options, concurrency, run, copy }, isShort);
  });
} finally {
  await server.end();
}
