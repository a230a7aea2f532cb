import { onAccountOf, RequestAccount } from '@tenantry/platform';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import type { PlacedTenant } from './placed-tenant.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence({ DB_POOL_MAX: '3' });
});

afterAll(() => persistence.stop());

function asRequest<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
  return onAccountOf({}, new RequestAccount(id), work);
}

/** What others see in `pg_stat_activity` of the app's connections. */
async function names(): Promise<readonly string[]> {
  const rows = await persistence.asOwner<{ name: string }[]>(
    `select application_name as name from pg_stat_activity where datname = current_database() and usename <> current_user`,
  );
  return rows.map(({ name }) => name);
}

/** What others see while a tenant's query runs. */
async function namesDuring(who: PlacedTenant, requestId: string): Promise<readonly string[]> {
  const query = asRequest(requestId, () =>
    persistence.as(who, () => persistence.entityManager.execute('select pg_sleep(0.5)')),
  );
  let seen: readonly string[] = [];
  for (let looks = 0; looks < 20 && !seen.some((name) => name.includes(requestId)); looks += 1) {
    seen = await names();
  }
  await query;
  return seen;
}

describe('the activity of the server', () => {
  it('says whose query runs, and for which request', async () => {
    const both = await Promise.all([
      namesDuring(acme, 'request-1'),
      namesDuring(globex, 'request-2'),
    ]);

    expect(both[0]).toContain('tenantry:acme:request-1');
    expect(both[1]).toContain('tenantry:globex:request-2');
  });

  it('has the name of the pool again when the transaction is over, whichever way', async () => {
    await asRequest('r3', () => persistence.as(acme, () => Promise.resolve()));
    await asRequest('r4', () =>
      persistence.as(acme, () => Promise.reject(new Error('undone'))).catch(() => undefined),
    );
    await asRequest('r5', () =>
      persistence
        .as(acme, () => persistence.entityManager.execute('select nonsense'))
        .catch(() => undefined),
    );

    expect(new Set(await names())).toEqual(new Set(['tenantry']));
  });

  it('still says so after a savepoint of the transaction', async () => {
    const name = await asRequest('r6', () =>
      persistence.as(acme, async () => {
        await persistence.transactional.run(() => Promise.resolve(), { propagation: 'nested' });
        return persistence.entityManager.execute<object[]>(
          `select current_setting('application_name')`,
        );
      }),
    );

    expect(name).toEqual([{ current_setting: 'tenantry:acme:r6' }]);
  });

  it('cannot be made to say anything else by the id of a request', async () => {
    const id = `x', true); select set_config('role', 'none`;
    const rows = await asRequest(id, () =>
      persistence.as(acme, () =>
        persistence.entityManager.execute<object[]>(
          `select current_setting('application_name') as name, current_user as role`,
        ),
      ),
    );

    expect(rows).toEqual([
      {
        name: `tenantry:acme:${id}`.slice(0, 63),
        role: expect.stringMatching(/^tenantry_shared/) as string,
      },
    ]);
  });

  it('tells operators and the program itself from tenants of any name', async () => {
    const read = () =>
      persistence.entityManager.execute<object[]>(
        `select current_setting('application_name') as name`,
      );

    expect(await persistence.context.runAsOperator('a test', read)).toEqual([
      { name: 'tenantry:(operator)' },
    ]);
    expect(await persistence.context.runAsReader(read)).toEqual([{ name: 'tenantry:(reader)' }]);
  });
});
