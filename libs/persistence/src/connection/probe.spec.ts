import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultProxy, startFaultProxy } from '@tenantry/fault-proxy';
import { type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { Probe, ProbeCannotConnect, ProbeTimedOut, type ProbeRole } from './probe.ts';

let persistence: Persistence;
let proxy: FaultProxy;
let probe: Probe;

beforeAll(async () => {
  persistence = await startPersistence();
  const { hostname, port } = new URL(persistence.config.database.url);
  proxy = await startFaultProxy({ host: hostname, port: Number(port) });
});

afterAll(async () => {
  await proxy.close();
  await persistence.stop();
});

beforeEach(() => {
  probe = probeAs('reader');
});

afterEach(async () => {
  probe.close();
  await proxy.heal();
});

function probeAs(role: ProbeRole): Probe {
  const { database, ownerUrl } = persistence.config;
  const address = { DATABASE_URL: database.url, MIGRATOR_DATABASE_URL: ownerUrl };
  return new Probe(proxy.address(address).DATABASE_URL, 'spec', role);
}

const ask = <Row extends object>(sql: string, parameters?: unknown[], deadlineMs = 2_000) =>
  probe.within(deadlineMs).execute<Row[]>(sql, parameters);
/** What the server has of probes: the state of each session. */
const sessions = async (): Promise<string[]> =>
  (
    await persistence.asOwner<{ state: string }[]>(
      `select state from pg_stat_activity where application_name = 'tenantry probe: spec' and datname = current_database()`,
    )
  ).map(({ state }) => state);

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error('It did not come about within 5 s.');
    }
    await sleep(20);
  }
}

describe('a probe', () => {
  it('reads in its scope, over one connection, and leaves nothing in the session', async () => {
    const [first] = await ask<{ pid: number; role: string }>(
      'select pg_backend_pid() as pid, current_user::text as role',
    );
    const [second] = await ask<{ pid: number; path: string }>(
      `select pg_backend_pid() as pid, current_setting('search_path') as path, ?::text as said`,
      [`it's`],
    );

    expect(first?.role).toBe('tenantry_reader');
    expect(second).toEqual({ pid: first?.pid, path: 'catalog, pg_temp', said: `it's` });
    expect(await sessions()).toEqual(['idle']);
  });

  it('sees statistics of all sessions where it looks on behalf of operators', async () => {
    const hidden = `select count(*)::int as n from pg_stat_activity where query = '<insufficient privilege>'`;
    expect((await ask<{ n: number }>(hidden))[0]?.n).toBeGreaterThan(0);
    probe.close();

    probe = probeAs('operator');

    expect(await ask(hidden)).toEqual([{ n: 0 }]);
  });

  it.each(['reader', 'operator'] as const)('changes nothing, as %s', async (role) => {
    probe = probeAs(role);

    for (const sql of [
      'delete from catalog.heartbeat',
      `insert into catalog.audit (reason) values ('none')`,
      'create temporary table t ()',
    ]) {
      await expect(ask(sql)).rejects.toMatchObject({ code: /^(?:25006|42501)$/ });
    }
    // An error is no reason to connect again.
    expect(await sessions()).toEqual(['idle']);
  });

  it('connects again when its connection has been lost', async () => {
    await ask('select 1');
    await persistence.asOwner(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenantry probe: spec'`,
    );
    await until(async () => (await sessions()).length === 0);

    expect(await ask('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('leaves no session behind when it is closed', async () => {
    await ask('select 1');

    probe.close();

    await until(async () => (await sessions()).length === 0);
    await expect(ask('select 1')).rejects.toThrow('closed');
  });
});

describe('a deadline', () => {
  it('cancels what has not been answered, and cuts the connection', async () => {
    const start = performance.now();

    await expect(ask('select pg_sleep(20)', [], 300)).rejects.toThrow(ProbeTimedOut);

    expect(performance.now() - start).toBeLessThan(600);
    await until(async () => (await sessions()).length === 0);
    expect(await ask('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is kept by the server, too, when nobody can tell it any more', async () => {
    await ask('select 1');
    const asked = expect(ask('select pg_sleep(20)', [], 500)).rejects.toThrow();
    await sleep(100);
    expect(await sessions()).toEqual(['active']);
    proxy.blackHole('all');

    await asked;

    await until(async () => !(await sessions()).includes('active'));
  });

  it('holds while connecting, and is not in the way of who asks later', async () => {
    proxy.blackHole('all');
    const start = performance.now();
    await expect(ask('select 1', [], 300)).rejects.toThrow(ProbeCannotConnect);
    await expect(ask('select 1', [], 300)).rejects.toThrow(ProbeCannotConnect);
    expect(performance.now() - start).toBeLessThan(1_000);

    await proxy.heal();

    expect(await ask('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('is one for all that is asked within it', async () => {
    const within = probe.within(500);

    const asked = async (): Promise<void> => {
      for (let n = 0; n < 10; n++) {
        await within.execute('select pg_sleep(0.2)');
      }
    };

    await expect(asked()).rejects.toThrow(ProbeTimedOut);
  });
});
