import { availableParallelism } from 'node:os';
import { Logger } from '@nestjs/common';
import { startRestartableServer } from '@tenantry/embedded-postgres';
import { compareWithRaw } from './fleet-against-raw.ts';
import { growFleet } from './fleet-growth.ts';
import { writeFleetReport } from './fleet-report.ts';

/**
 * The fleet migrator beside raw SQL over as many connections, and how it grows with the fleet. Takes some 5
 * minutes; `--short` takes one, and says less.
 */
Logger.overrideLogger(['error']);
const isShort = process.argv.includes('--short');
const concurrency = 2 * availableParallelism();
const server = await startRestartableServer({
  settings: { max_connections: 50, max_locks_per_transaction: 256, shared_buffers: '512MB' },
});
try {
  const comparison = await compareWithRaw(server.address, {
    concurrency,
    placements: isShort ? 100 : 1_000,
    rounds: 3,
  });
  const growth = await growFleet(server.address, {
    concurrency,
    sizes: isShort ? [100, 300] : [100, 300, 1_000, 3_000, 10_000],
  });
  await writeFleetReport({ comparison, growth, concurrency }, isShort);
} finally {
  await server.end();
}
