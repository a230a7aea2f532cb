import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { type RestartableServer, startRestartableServer } from '@tenantry/embedded-postgres';
import { readPoolStatistics, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { OPERATOR_TOKEN, send, startAnother, TOKEN_SECRET } from '../testing/api-harness.ts';
import { until } from '../testing/until.ts';

/** How long the server is away: a minute is what is asked of the API. */
const AWAY_MS = 60_000;
/** As often as Kubernetes asks for readiness, by deploy/kubernetes/api.yaml. */
const PERIOD_MS = 2_000;

let server: RestartableServer;
const idle = createServer((_, response) => response.end());
let api: Awaited<ReturnType<typeof startAnother>>;

beforeAll(async () => {
  await once(idle.listen(0, '127.0.0.1'), 'listening');
  server = await startRestartableServer();
  await withFleet(readMigratorConfig({ ...server.address }), (fleet) => fleet.migrate());
  api = await startAnother({
    config: {
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      OPERATOR_TOKEN,
      TENANT_TOKEN_SECRET: TOKEN_SECRET,
      ...server.address,
    },
  });
}, 60_000);

afterAll(async () => {
  await api.stop();
  await server.end();
  idle.close();
});

const get = (path: string) => api.call({ path });
const pool = () => readPoolStatistics(api.api.get(MikroORM));

/** Asks now and then until told to stop. */
function asking(ask: () => Promise<{ readonly status: number }>, everyMs: number) {
  const statuses: { readonly at: number; readonly status: number; readonly tookMs: number }[] = [];
  const stopped = new AbortController();
  const running = (async () => {
    while (!stopped.signal.aborted) {
      const start = performance.now();
      const { status } = await ask();
      statuses.push({ at: Date.now(), status, tookMs: performance.now() - start });
      await sleep(everyMs);
    }
  })();
  return {
    statuses,
    /** When it was first answered so, after a time. */
    first: (status: number, after: number): number =>
      statuses.find((each) => each.at >= after && each.status === status)?.at ?? Infinity,
    stop: async (): Promise<void> => {
      stopped.abort();
      await running;
    },
  };
}

function p95Of(answers: readonly { readonly tookMs: number }[]): number {
  const times = answers.map(({ tookMs }) => tookMs).toSorted((one, other) => one - other);
  return times[Math.floor(times.length * 0.95)] ?? NaN;
}

describe('a server that is made read-only', () => {
  /** As an administrator of the server would. */
  async function setReadOnly(value: 'on' | 'off'): Promise<void> {
    const owner = new MikroORM({
      clientUrl: server.address.MIGRATOR_DATABASE_URL,
      entities: [],
      contextName: 'administrator',
      discovery: { warnWhenNoEntities: false },
    });
    await owner.em.fork().execute(`alter system set default_transaction_read_only = ${value}`);
    await owner.em.fork().execute('select pg_reload_conf()');
    await owner.close();
  }

  it('lets the API live, not ready, and operators see why', async () => {
    await setReadOnly('on');
    await sleep(PERIOD_MS);

    expect((await get('/health/live')).status).toBe(200);
    expect(await get('/health/ready')).toMatchObject({ status: 503, text: '{"status":"error"}' });
    const { text } = await api.call({
      path: '/health/database',
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
    });
    expect(JSON.parse(text)).toMatchObject({
      status: 'fail',
      readiness: { state: 'not-ready', reason: 'the server is read-only' },
    });

    await setReadOnly('off');
    await sleep(PERIOD_MS);
    expect((await get('/health/ready')).status).toBe(200);
  }, 30_000);
});

describe('a server that is away for a minute', () => {
  it('lets the API live, not ready until it is back, and leaves no connection behind', async () => {
    expect((await get('/health/ready')).status).toBe(200);
    const before = await pool();
    const live = asking(() => get('/health/live'), 20);
    // What a machine that is busy with other specs makes of the same question, to a server that only answers.
    const bare = asking(() => send((idle.address() as AddressInfo).port, { path: '/' }), 20);
    const ready = asking(() => get('/health/ready'), PERIOD_MS);

    await server.stop('immediate');
    const gone = Date.now();
    await sleep(AWAY_MS);
    const duringOutage = live.statuses.slice();
    const meanwhile = bare.statuses.slice();
    await server.start();
    const back = Date.now();
    await sleep(8_000);
    await Promise.all([live.stop(), bare.stop(), ready.stop()]);

    const [p95, bareP95] = [p95Of(duringOutage), p95Of(meanwhile)];
    const notReadyAfter = ready.first(503, gone) - gone;
    const readyAfter = ready.first(200, back) - back;
    process.stdout.write(
      `away for ${AWAY_MS / 1_000} s: live p95 ${p95.toFixed(1)} ms over ${duringOutage.length}, of a server that only answers ${bareP95.toFixed(1)} ms, not ready after ${notReadyAfter} ms, ready ${readyAfter} ms after its return\n`,
    );
    expect(live.statuses.every(({ status }) => status === 200)).toBe(true);
    expect(p95 - bareP95).toBeLessThan(10);
    expect(notReadyAfter).toBeLessThan(10_000);
    expect(readyAfter).toBeLessThan(5_000);
    expect(await pool()).toMatchObject({ max: before.max, waiting: 0 });
    // The heartbeat and readiness take a connection now and then, and give it back.
    await until(async () => {
      const { total, idle } = await pool();
      return total === idle;
    });
  }, 120_000);
});
