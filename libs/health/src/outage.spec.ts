import { setTimeout as sleep } from 'node:timers/promises';
import { type RestartableServer, startRestartableServer } from '@tenantry/embedded-postgres';
import { type FaultProxy, startFaultProxy } from '@tenantry/fault-proxy';
import { withFleet } from '@tenantry/persistence';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import { DEADLINE_MS, FRESH_FOR_MS } from './readiness/limits.ts';
import { administer, connectHealth, type Health, until } from './testing/health-harness.ts';

let server: RestartableServer;
let proxy: FaultProxy;
let health: Omit<Health, 'stop'>;

beforeAll(async () => {
  server = await startRestartableServer();
  const { hostname, port } = new URL(server.address.DATABASE_URL);
  proxy = await startFaultProxy({ host: hostname, port: Number(port) });
  await withFleet(direct(), (fleet) => fleet.migrate());
}, 60_000);

beforeEach(async () => {
  const { DATABASE_URL } = proxy.address(server.address);
  health = await connectHealth(
    readMigratorConfig({ ...server.address, DATABASE_URL, DB_POOL_MAX: '4' }),
  );
  expect(await isReady()).toBe(true);
});

afterEach(async () => {
  await health.module.close();
  await proxy.heal();
});

afterAll(async () => {
  await proxy.close();
  await server.end();
});

const direct = (): MigratorConfig => readMigratorConfig({ ...server.address });
const isReady = (): Promise<boolean> => health.readiness.isReady();

/** How long each of those who ask, one after the other, waits at the most. */
async function longestOf(asking: () => Promise<unknown>): Promise<number> {
  const start = Date.now();
  await asking();
  return Date.now() - start;
}

describe('a server that is silent', () => {
  it('is noticed by the deadline, over connections old and new, and its return too', async () => {
    await sleep(FRESH_FOR_MS);
    proxy.blackHole('all');

    const waits: number[] = [];
    const goneAfter = await until(async () => {
      waits.push(await longestOf(isReady));
      return health.readiness.state.state === 'not-ready';
    });
    const { reason } = health.readiness.state;
    expect(Math.max(...waits)).toBeLessThan(DEADLINE_MS + 300);
    expect(goneAfter).toBeLessThan(10_000);
    expect(reason).toMatch(/has not answered within 2000 ms|no answer within 2000 ms/);

    await proxy.heal();

    expect(await until(isReady)).toBeLessThan(5_000);
    // What was cut has left nothing behind.
    await until(async () => (await health.probes()).length === 1);
    expect((await health.probes())[0]?.['state']).toBe('idle');
  }, 40_000);

  it('is not forgiven by who has not asked for long', async () => {
    proxy.blackHole('all');
    const now = performance.now.bind(performance);
    performance.now = () => now() + 60_000;

    expect(await isReady()).toBe(false);

    performance.now = now;
  }, 40_000);

  it('is in the report within the deadline, with the reason', async () => {
    await sleep(FRESH_FOR_MS);
    proxy.blackHole('all');
    await until(async () => !(await isReady()));
    await health.sampler.pass(() => true);

    const start = Date.now();
    const { status, readiness, checks } = await health.report.read();

    expect(Date.now() - start).toBeLessThan(DEADLINE_MS + 300);
    expect(status).toBe('fail');
    expect(readiness.reason).toContain('2000 ms');
    // The pool is asked of this process.
    expect(checks['pool']?.[0]?.observedValue).not.toBeNull();
    expect(checks['locks']).toMatchObject([{ status: 'warn', observedValue: null }]);
  }, 40_000);
});

describe('a server that is made read-only', () => {
  it('is no place to serve from, at once and with the reason', async () => {
    await administer(
      server.address.MIGRATOR_DATABASE_URL,
      'alter system set default_transaction_read_only = on',
    );
    await administer(server.address.MIGRATOR_DATABASE_URL, 'select pg_reload_conf()');
    await until(async () => !(await isReady()));

    expect(health.readiness.state.reason).toBe('the server is read-only');

    await administer(
      server.address.MIGRATOR_DATABASE_URL,
      'alter system reset default_transaction_read_only',
    );
    await administer(server.address.MIGRATOR_DATABASE_URL, 'select pg_reload_conf()');
    expect(await until(isReady)).toBeLessThan(5_000);
  }, 20_000);
});

describe('a server that is stopped', () => {
  it('is noticed by the first who asks, and its return too, and no connection is lost', async () => {
    const before = await health.pool();
    await sleep(FRESH_FOR_MS);
    await server.stop('fast');

    // It is looked at twice before the answer: that it is refused takes no time.
    expect(await isReady()).toBe(false);
    expect(health.readiness.state.reason).toMatch(/cannot be connected to|ECONNREFUSED|terminat/);

    await server.start();
    expect(await until(isReady)).toBeLessThan(5_000);
    expect(await health.pool()).toEqual({ ...before, total: 1, idle: 1, waiting: 0 });
    await until(async () => (await health.probes()).length === 1);
  }, 40_000);
});
