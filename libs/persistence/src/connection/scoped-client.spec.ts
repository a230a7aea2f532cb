import { email, Member } from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';

let persistence: Persistence;

beforeAll(async () => {
  // One connection: what one scope leaves on it, the next one finds.
  persistence = await startPersistence({ DB_POOL_MIN: '0', DB_POOL_MAX: '1' });
  for (const tenant of [acme, globex]) {
    await persistence.as(tenant, async () => {
      persistence.members.add(new Member({ email: email('ada@example.com'), name: tenant.slug }));
    });
  }
});

afterAll(() => persistence.stop());

const run = (sql: string): Promise<unknown> => persistence.entityManager.execute(sql);

describe('what a transaction has left on its connection', () => {
  it('a cursor that is held is not there for the next one', async () => {
    await persistence.as(acme, () => run('declare held cursor with hold for select * from member'));

    await expect(persistence.as(globex, () => run('fetch all from held'))).rejects.toMatchObject({
      message: expect.stringContaining('cursor "held" does not exist') as string,
    });
  });

  it('the role and the tenant of the session are not those of the next one, whatever session that says it has', async () => {
    await persistence.as(acme, () =>
      run(`select set_config('role', 'tenantry_shared', false),
        set_config('app.tenant_id', '${acme.id}', false)`),
    );

    const connection = persistence.orm.driver.getConnection();
    const names = await persistence.context.run(globex, () =>
      connection.transactional(
        (transaction) =>
          connection.execute('select name from shared.member', [], 'all', transaction),
        { sessionContext: { variables: { 'app.tenant_id': acme.id } } },
      ),
    );
    expect(names).toEqual([{ name: 'globex' }]);
  });

  it.each([
    ['a session that only reads', 'set default_transaction_read_only = on'],
    ['a time zone', `set timezone = 'Asia/Tokyo'`],
    ['a lock', 'select pg_advisory_lock(1)'],
    ['an ear for notifications', 'listen something'],
    ['a prepared statement', `prepare leak as select 'of acme'`],
  ])('%s is forgotten, also when the next one is rolled back', async (_what, sql) => {
    const state = (): Promise<unknown> =>
      persistence.as(globex, () =>
        run(`select current_setting('transaction_read_only'), current_setting('timezone'),
          (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),
          (select count(*) from pg_listening_channels()), (select count(*) from pg_prepared_statements)`),
      );
    const before = await state();

    await persistence.as(acme, () => run(sql));
    await expect(persistence.as(globex, () => run('select 1 / 0'))).rejects.toThrow();

    expect(await state()).toEqual(before);
  });

  it('does not keep a transaction from choosing how it is isolated', async () => {
    const level = await persistence.context.run(acme, () =>
      persistence.unitOfWork.run(() => run('show transaction_isolation'), {
        isolationLevel: 'serializable',
        readOnly: true,
      }),
    );

    expect(level).toEqual([{ transaction_isolation: 'serializable' }]);
  });
});
