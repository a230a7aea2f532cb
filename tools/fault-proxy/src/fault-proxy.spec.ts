import { startRestartableServer } from '@tenantry/embedded-postgres';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type pg from 'pg';
import { nextCommits } from './commit-fault.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { afterAWhile, connect, ProxyHarness, targetOf, until } from './testing/proxy-harness.ts';

describe('a proxy that is closed', () => {
  let harness: ProxyHarness;
  let proxy: FaultProxy;

  beforeEach(async () => {
    harness = await ProxyHarness.start();
    proxy = harness.proxy;
  });

  afterEach(async () => {
    await harness.stop();
  });

  it('ends all connections at once, whatever they wait for', async () => {
    const outcomes: Promise<string>[] = [];
    const waitFor = (work: Promise<unknown>): void => {
      outcomes.push(
        work.then(
          () => 'performed',
          () => 'broken',
        ),
      );
    };
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => harness.connect()));
    const query = (sql: string): void => {
      waitFor(clients.pop()!.query(sql));
    };
    proxy.faults.onCommit = nextCommits(1, { kind: 'reply-dropped', then: 'silence' });
    query('insert into note values (1); commit');
    await until(() => proxy.counters.repliesDropped === 1);
    proxy.faults.onCommit = () => ({ kind: 'request-late', afterMs: 60_000 });
    query('insert into note values (2); commit');
    query('select pg_sleep(60)');
    proxy.blackHole('existing');
    query('select 1');
    proxy.blackHole('none');
    proxy.network.delayMs.toServer = 60_000;
    query('select 1');
    proxy.network.bytesPerSecond = 1;
    waitFor(harness.connect());
    proxy.blackHole('new');
    waitFor(harness.connect());
    await until(() => proxy.counters.connections === 7);

    const start = performance.now();
    await proxy.close();

    expect(performance.now() - start).toBeLessThan(1000);
    expect(await Promise.all(outcomes)).toEqual(Array(7).fill('broken'));
    await expect(harness.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.close();
  });

  it('would not have kept its process alive', async () => {
    const { address } = harness.database;
    const script = `
      import { setTimeout as sleep } from 'node:timers/promises';
      import pg from 'pg';
      import { startFaultProxy } from './fault-proxy.ts';
      const proxy = await startFaultProxy(${JSON.stringify(targetOf(address.DATABASE_URL))});
      const connect = async () => {
        const { MIGRATOR_DATABASE_URL: connectionString } = proxy.address(${JSON.stringify(address)});
        const client = new pg.Client({ connectionString });
        client.on('error', () => {});
        await client.connect();
        return client;
      };
      proxy.faults.onCommit = () => ({ kind: 'request-late', afterMs: 60_000 });
      await (await connect()).query('commit').catch(({ code }) => console.log(code));
      const [delayed, swallowed] = [await connect(), await connect()];
      proxy.network.delayMs.toServer = 60_000;
      delayed.query('select 1');
      await sleep(100);
      proxy.blackHole('all');
      swallowed.query('select 1');
      for (const client of [delayed, swallowed]) client.unref();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const exited = once(child, 'exit');

    const [output] = (await once(child.stdout, 'data')) as [Buffer];

    expect(output.toString()).toBe('ECONNRESET\n');
    expect(await exited).toEqual([0, null]);
  });
});

describe('a proxy whose server goes away', () => {
  it('breaks connections as long as it is gone, and serves new ones when it is back', async () => {
    const server = await startRestartableServer();
    const proxy = await startFaultProxy(targetOf(server.address.DATABASE_URL));
    const through = (): Promise<pg.Client> =>
      connect(proxy.address(server.address).MIGRATOR_DATABASE_URL);
    const before = await through();
    await before.query('create table note as select 1 as n');

    await server.stop('immediate');

    await expect(before.query('select n from note')).rejects.toThrow();
    await expect(through()).rejects.toMatchObject({ code: 'ECONNRESET' });
    // One that is swallowed does not see that there is no server.
    proxy.blackHole('new');
    const waiting = through();
    expect(await afterAWhile(waiting)).toBe('nothing');
    await server.start();
    proxy.blackHole('none');
    const after = await waiting;
    expect((await after.query('select n from note')).rows).toEqual([{ n: 1 }]);
    expect(proxy.counters).toMatchObject({ connections: 3, resets: 0 });
    await after.end();
    await proxy.close();
    await server.end();
  });
});
