import { startRestartableServer } from '@tenantry/embedded-postgres';
import { Bench, type Fault, type Result } from '../testing/faults/bench.ts';
import { FAULTS, FULL_DISK, REPLIES_DROPPED } from '../testing/faults/faults.ts';
import { NaiveLedger } from '../testing/faults/naive-ledger.ts';
import { reportOf } from '../testing/faults/report.ts';

/** How long each fault lasts (milliseconds): `nx run persistence:faults` lets them last for longer. */
const { faultMs = 1_500 } = globalThis as { faultMs?: number };
const TIMEOUT_MS = faultMs + 120_000;

let bench: Bench;
const results: Result[] = [];

beforeAll(async () => {
  const server = await startRestartableServer({
    settings: { deadlock_timeout: '50ms', max_connections: 300 },
    smallDiskMiB: 16,
  });
  bench = await Bench.start(server);
}, 60_000);

afterAll(async () => {
  process.stdout.write(`\n${reportOf(results)}\n`);
  await bench.stop();
});

async function run(fault: Fault): Promise<Result> {
  const result = await bench.run(fault, faultMs);
  results.push(result);
  return result;
}

function mustHold(result: Result): void {
  expect(result).toMatchObject({ lost: 0, duplicated: 0, stray: 0, problems: [] });
  expect(result.ok).toBeGreaterThan(0);
  expect(result.ok + result.fail + result.unknown).toBe(result.operations);
  const interrupted = result.resolved + result.unknown;
  expect(result.unknown).toBeLessThanOrEqual(interrupted * 0.01);
  expect(result.recoveryMs).toBeLessThan(10_000);
}

describe('a ledger on the data access layer', () => {
  it.each(FAULTS)(
    'keeps what it has acknowledged, once, and nothing that it has refused: $name',
    async (fault) => {
      mustHold(await run(fault));
    },
    TIMEOUT_MS,
  );

  it(
    'and when the disk is full',
    async () => {
      if (bench.server.smallDisk === undefined) {
        process.stdout.write('NOT TESTED: no disk can be made here that is soon full.\n');
        return;
      }
      const result = await run(FULL_DISK);

      mustHold(result);
      expect(result.errors).toHaveProperty(['Unavailable out-of-space']);
    },
    TIMEOUT_MS,
  );

  it('was in trouble each time', () => {
    const resolvedIn = (name: string): number =>
      results.find(({ fault }) => fault.startsWith(name))?.resolved ?? 0;

    for (const name of [
      'COMMIT replies dropped',
      'COMMIT requests dropped',
      'COMMIT requests that',
    ]) {
      expect(resolvedIn(name)).toBeGreaterThan(0);
    }
    expect(resolvedIn('none')).toBe(0);
  });
});

describe('a ledger on the ORM by itself, with a naive retry', () => {
  it(
    'loses what it has acknowledged, and doubles other things',
    async () => {
      const naive = new NaiveLedger(bench.ownerUrl);
      const result = await bench.runOther(REPLIES_DROPPED, Math.min(faultMs, 3_000), naive);
      results.push(result);
      await naive.abandon();

      expect(result.lost).toBeGreaterThan(0);
      expect(result.duplicated).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
