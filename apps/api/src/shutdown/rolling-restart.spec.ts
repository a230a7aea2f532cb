import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { type Api, startApi } from '../testing/api-harness.ts';
import { startApiProcess } from '../testing/api-process.ts';

/** `nx run api:restarts` does it twenty times. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 3);
const CLIENTS = 10;
const GRACE_MS = 20_000;

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

/** A process behind the balancer, which sends it requests for as long as it is ready. */
interface Backend extends Awaited<ReturnType<typeof startApiProcess>> {
  readonly agent: Agent;
  /** Settles when it is ready for the first time. */
  readonly ready: Promise<unknown>;
  isReady: boolean;
}

async function startBackend(): Promise<Backend> {
  const process = await startApiProcess(api, {
    SHUTDOWN_DELAY_MS: '500',
    SHUTDOWN_GRACE_MS: String(GRACE_MS),
    OUTBOX_RELAY: 'off',
  });
  const agent = new Agent({ keepAlive: true });
  const ready = Promise.withResolvers<undefined>();
  const backend: Backend = { ...process, agent, isReady: false, ready: ready.promise };
  watch(backend, () => {
    ready.resolve(undefined);
  });
  await Promise.race([backend.ready, backend.ended]);
  return backend;
}

function watch(backend: Backend, ready: () => void): void {
  const look = async (): Promise<void> => {
    const status = await send(backend.port, new Agent(), 'GET', '/health/ready').catch(() => 0);
    backend.isReady = status === 200;
    if (backend.isReady) {
      ready();
    }
  };
  const timer = setInterval(() => void look(), 50);
  void backend.ended.then(() => {
    clearInterval(timer);
    backend.agent.destroy();
  });
}

function send(
  port: number,
  agent: Agent,
  method: string,
  path: string,
  body?: object,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        agent,
        method,
        path,
        headers: { 'x-tenant-id': 'alpha', 'content-type': 'application/json' },
      },
      (response) => {
        response.on('error', reject);
        response.on('end', () => {
          resolve(response.statusCode ?? 0);
        });
        response.resume();
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body && JSON.stringify(body));
  });
}

describe('processes that are replaced one after the other, under load', () => {
  it(`lose no acknowledged request and reset no connection, ${RESTARTS} times`, async () => {
    const backends = new Set<Backend>();
    const acknowledged: string[] = [];
    const failures: string[] = [];
    let statuses: Record<number, number> = {};
    let goesOn = true;
    let turn = 0;
    const client = async (name: number): Promise<void> => {
      for (let count = 0; goesOn; count += 1) {
        const ready = [...backends].filter(({ isReady }) => isReady);
        const backend = ready[(turn += 1) % ready.length];
        if (!backend) {
          await sleep(10);
          continue;
        }
        const email = `${name}-${count}@example.com`;
        try {
          const status = await send(backend.port, backend.agent, 'POST', '/members', {
            email,
            name: 'One of many',
          });
          statuses = { ...statuses, [status]: (statuses[status] ?? 0) + 1 };
          if (status === 201) {
            acknowledged.push(email);
          }
        } catch (error) {
          failures.push(String(error));
        }
        await sleep(20);
      }
    };
    backends.add(await startBackend());
    const clients = Array.from({ length: CLIENTS }, (_, name) => client(name));
    const codes: (number | null)[] = [];
    const times: number[] = [];
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const [old] = backends;
      backends.add(await startBackend());
      const begin = Date.now();
      old?.tellToEnd();
      codes.push((await old?.ended) ?? null);
      times.push(Date.now() - begin);
      if (old) {
        backends.delete(old);
      }
    }
    goesOn = false;
    await Promise.all(clients);
    for (const backend of backends) {
      await backend.stop();
    }
    process.stdout.write(
      `${acknowledged.length} acknowledged over ${RESTARTS} restarts, ${failures.length} reset; ` +
        `the slowest end took ${Math.max(...times)} ms; by status: ${JSON.stringify(statuses)}\n`,
    );

    expect(failures).toEqual([]);
    expect(codes).toEqual(Array(RESTARTS).fill(0));
    expect(Object.keys(statuses)).toEqual(['201']);
    expect(await storedOf(acknowledged)).toBe(acknowledged.length);
  }, 600_000);
});

async function storedOf(emails: readonly string[]): Promise<number> {
  const owner = new MikroORM({
    clientUrl: api.config.MIGRATOR_DATABASE_URL,
    entities: [],
    contextName: 'administrator',
    discovery: { warnWhenNoEntities: false },
  });
  const [row] = await owner.em
    .fork()
    .execute<[{ count: number }]>(
      'select count(*)::int from shared.member where email in (select jsonb_array_elements_text(?::jsonb))',
      [JSON.stringify(emails)],
    );
  await owner.close();
  return row.count;
}
