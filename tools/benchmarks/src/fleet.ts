import { availableParallelism } from 'node:os';
import { Logger } from '@nestjs/common';
import { startRestartableServer } from '@tenantry/embedded-postgres';
import type { Address } from './database.ts';
import { compareWithRaw } from './fleet-against-raw.ts';
import { growFleet } from './fleet-growth.ts';
import { writeFleetReport } from './fleet-report.ts';

/**
 * The fleet migrator beside raw SQL over as many connections, and how it grows with the fleet. Takes some 6
 * minutes; `--short` takes one, and says less.
 */
Logger.overrideLogger(['error']);
const isShort = process.argv.includes('--short');
const concurrency = 2 * availableParallelism();
const SETTINGS = { max_connections: 50, max_locks_per_transaction: 256, shared_buffers: '512MB' };
const scale = { concurrency, placements: isShort ? 100 : 1_000, rounds: 3 };

const { comparison, growth } = await withServer(SETTINGS, async (address) => ({
  comparison: await compareWithRaw(address, scale),
  growth: await growFleet(address, {
    concurrency,
    sizes: isShort ? [100, 300] : [100, 300, 1_000, 3_000, 10_000],
  }),
}));
const durable = await withServer({ ...SETTINGS, fsync: 'on' }, (address) =>
  compareWithRaw(address, scale),
);
await writeFleetReport({ comparison, durable, growth, concurrency }, isShort);

/** A server for tests has no fsync unless its settings say so. */
async function withServer<Result>(
  options: Record<string, string | number>,
  work: (address: Address) => Promise<Result>,
): Promise<Result> {
  const server = await startRestartableServer({ settings: options });
  try {
    return await work(server.address);
  } finally {
    await server.end();
  }
}
