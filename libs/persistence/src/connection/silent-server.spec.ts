import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultProxy, type FaultProxy } from '@tenantry/fault-proxy';
import { readMigratorConfig } from '@tenantry/platform';
import {
  acme,
  connectPersistence,
  type Persistence,
  startPersistence,
  untilReachable,
} from '../testing/persistence-harness.ts';

const ACQUIRE_MS = 1_000;
const STATEMENT_MS = 1_000;

let persistence: Persistence;
let proxy: FaultProxy;
let app: Awaited<ReturnType<typeof connectPersistence>>;

beforeAll(async () => {
  persistence = await startPersistence();
  const { url } = persistence.config.database;
  const { hostname, port } = new URL(url);
  proxy = await startFaultProxy({ host: hostname, port: Number(port) });
  const { DATABASE_URL } = proxy.address({
    DATABASE_URL: url,
    MIGRATOR_DATABASE_URL: persistence.config.ownerUrl,
  });
  app = await connectPersistence(
    readMigratorConfig({
      DATABASE_URL,
      MIGRATOR_DATABASE_URL: persistence.config.ownerUrl,
      DB_POOL_MAX: '2',
      DB_POOL_ACQUIRE_TIMEOUT_MS: String(ACQUIRE_MS),
      DB_STATEMENT_TIMEOUT_MS: String(STATEMENT_MS),
    }),
  );
});

afterEach(async () => {
  await proxy.heal();
  await untilReachable(app);
});

afterAll(async () => {
  await app.stop();
  await proxy.close();
  await persistence.stop();
});

const one = (): Promise<unknown> => app.entityManager.execute('select 1');

/** How long it takes (milliseconds) until it fails as something that is not there. */
async function unavailableAfter(work: Promise<unknown>): Promise<number> {
  const begin = Date.now();
  await expect(work).rejects.toMatchObject({ kind: 'unavailable' });
  return Date.now() - begin;
}

describe('a server that is silent', () => {
  it('before a transaction has begun is noticed when a connection should have been there', async () => {
    await app.as(acme, one);
    // One that has just answered is taken for one that is there.
    await sleep(1_100);
    proxy.blackHole('existing');

    // On another connection, since nothing has been done yet.
    await app.as(acme, one);
  });

  it('to what begins on a connection that has just answered is noticed by the deadline of the statement', async () => {
    await app.as(acme, one);
    proxy.blackHole('all');

    expect(await unavailableAfter(app.as(acme, one))).toBeLessThan(STATEMENT_MS + 3_000);
  });

  it('in the middle of a statement is noticed by its deadline', async () => {
    const unit = app.as(acme, async () => {
      await one();
      proxy.blackHole('all');
      await one();
    });

    expect(await unavailableAfter(unit)).toBeLessThan(STATEMENT_MS + 3_000);
  });

  it('to whoever wants to connect is noticed by theirs, and gives no place away', async () => {
    proxy.blackHole('all');
    const units = Array.from({ length: 4 }, () => unavailableAfter(app.as(acme, one)));

    // Tried again while that may help.
    expect(Math.max(...(await Promise.all(units)))).toBeLessThan(20_000);
  });
});

describe('a server that is down', () => {
  it('is waited for by those who come first, and by nobody after them', async () => {
    proxy.refuseConnections();
    proxy.reset();
    await unavailableAfter(app.as(acme, one));

    const patient = (): Promise<unknown> =>
      app.context.run(acme, () => app.unitOfWork.run(one, { retry: { attempts: 30 } }));
    const units = Array.from({ length: 3 }, () => unavailableAfter(patient()));

    expect(Math.max(...(await Promise.all(units)))).toBeLessThan(250);
  });

  it('is in use again within three seconds of its return', async () => {
    proxy.refuseConnections();
    proxy.reset();
    await unavailableAfter(app.as(acme, one));
    await proxy.heal();
    const begin = Date.now();
    await untilReachable(app);

    expect(Date.now() - begin).toBeLessThan(3_000);
  });
});

describe('a server whose password was changed meanwhile', () => {
  it('is unavailable, and not a mistake of ours', async () => {
    const other = await connectPersistence(app.config);
    const pool = await other.orm.driver.getConnection().getNativeClient();
    const url = new URL(app.config.database.url);
    url.password = 'the-one-before';
    Object.assign(pool.options, { connectionString: url.href });
    proxy.reset();

    await unavailableAfter(other.as(acme, () => other.entityManager.execute('select 1')));
    await other.stop();
  });
});
