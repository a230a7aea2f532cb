import { concurrently, migration, one, useFleets } from '../testing/fleets.ts';
import { SchemaMigration } from './schema-migration.ts';

const { fleet, query, fleetOf, addPlacements, session } = useFleets();

const filled = migration(
  '2-filled',
  'alter table note add column body text',
  `insert into note select gen_random_uuid(), 'body ' || n from generate_series(1, 2000) n`,
);
const indexed = concurrently(
  '3-indexed',
  'create index concurrently note_body_idx on note (tenant_id, body)',
);
const unique = concurrently(
  '3-unique',
  'create unique index concurrently note_body_key on note (body)',
);

const slow = migration(
  '2-slow',
  `create function slow(uuid) returns uuid immutable language plpgsql as 'begin perform pg_sleep(0.01); return $1; end'`,
  'insert into note select gen_random_uuid() from generate_series(1, 5)',
);
const slowlyIndexed = concurrently(
  '3-indexed',
  'create index concurrently note_slow_idx on note (slow(tenant_id))',
);

class IndexedAndBack extends SchemaMigration {
  override readonly kind = 'expand';

  override isTransactional(): boolean {
    return false;
  }

  override up(): void {
    this.addSql('create index concurrently note_body_idx on note (tenant_id, body)');
  }

  override down(): void {
    this.addSql('drop index concurrently note_body_idx');
  }
}

const indexes = (): Promise<object[]> =>
  query(
    `select n.nspname as schema, i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid
     join pg_namespace n on n.oid = c.relnamespace where c.relname like 'note_body%' order by 1`,
  );

const recorded = async (name: string): Promise<readonly string[]> =>
  (
    await query<{ target: string }[]>(
      'select target from catalog.migration where name = ? order by 1',
      [name],
    )
  ).map(({ target }) => target);

describe('a migration that is not transactional', () => {
  it('builds its index while the table is being written, and is recorded with the time that it took', async () => {
    await fleetOf(2, [one, filled]);
    const writer = await session();
    await writer.query('begin');
    await writer.query(`insert into t_000.note values (gen_random_uuid(), 'while')`);

    const run = fleet([one, filled, indexed]).migrate({ lockTimeoutMs: 100 });
    await query('select pg_sleep(0.5)');
    // It waits for the writer, and other writers do not wait for it.
    await query(`insert into t_000.note values (gen_random_uuid(), 'meanwhile')`);
    expect(await recorded('3-indexed')).not.toContain('t_000');
    await writer.query('commit');
    await writer.end();

    expect((await run).outcomes.map(({ status }) => status)).toEqual([
      'migrated',
      'migrated',
      'migrated',
    ]);
    expect(await indexes()).toEqual(
      ['shared', 't_000', 't_001'].map((schema) => ({ schema, valid: true })),
    );
    const [{ duration_ms: durationMs }] = await query<[{ duration_ms: number }]>(
      `select duration_ms from catalog.migration where target = 't_000' and name = '3-indexed'`,
    );
    expect(durationMs).toBeGreaterThan(300);
    expect(durationMs).toBeLessThan(20_000);
  });

  it('is one at a time in a database', async () => {
    await fleetOf(5, [one, slow]);
    const watcher = await session();
    const over = new AbortController();
    const mostAtOnce = async (): Promise<number> => {
      let most = 0;
      while (!over.signal.aborted) {
        const { rows } = await watcher.query<{ count: number }>(
          `select count(*)::int as count from pg_stat_activity where query ~* '^create index concurrently' and state = 'active'`,
        );
        most = Math.max(most, rows[0]?.count ?? 0);
      }
      return most;
    };

    const watched = mostAtOnce();
    const { outcomes } = await fleet([one, slow, slowlyIndexed]).migrate();
    over.abort();

    expect(await watched).toBe(1);
    // They wait for their turn, and need no other try.
    expect(outcomes.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1, 1]);
    await watcher.end();
    expect(await recorded('3-indexed')).toHaveLength(6);
  });

  it('is not begun any more when the run is stopped, though its turn had come next', async () => {
    await fleetOf(3, [one, slow]);
    const stop = new AbortController();

    const report = await fleet([one, slow, slowlyIndexed]).migrate({
      signal: stop.signal,
      observe: ({ type }) => {
        if (type === 'step') {
          stop.abort();
        }
      },
    });

    expect(report.outcomes.map(({ status }) => status).toSorted()).toEqual([
      'migrated',
      'not-reached',
      'not-reached',
      'not-reached',
    ]);
    expect(await recorded('3-indexed')).toHaveLength(1);
  });

  it('gives up on a transaction that stays open when its patience is over, and does not wait for it again', async () => {
    await fleetOf(0, [one, filled]);
    const holder = await session();
    await holder.query('begin isolation level repeatable read; select count(*) from shared.note');
    const start = Date.now();

    const report = await fleet([one, filled, indexed]).migrate({ patienceMs: 1_500 });

    expect(report.outcomes).toMatchObject([{ attempts: 1, error: { sqlState: '55P03' } }]);
    expect(Date.now() - start).toBeLessThan(4_000);
    await holder.end();
    await fleet([one, filled, indexed]).migrate();
    expect(await indexes()).toEqual([{ schema: 'shared', valid: true }]);
  });

  it('is a part of the one transaction in a placement that is new', async () => {
    await fleetOf(1);
    const last = migration('4-last', 'alter table note add column late int');
    await fleet([one, filled, indexed, last]).migrate();
    await query(
      `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
       values (gen_random_uuid(), now(), now(), 'schema', 't_new')`,
    );
    const idle = await session();
    await idle.query('begin isolation level repeatable read; select from t_000.note limit 1');

    await fleet([one, filled, indexed, last]).migrate({ patienceMs: 1_000 });

    await idle.end();
    expect(await recorded('3-indexed')).toContain('t_new');
    expect(await indexes()).toContainEqual({ schema: 't_new', valid: true });
  });

  it('goes between those that are: what is before it is stored when it fails, and what is after it waits', async () => {
    await fleetOf(0, [one]);
    const doubled = migration(
      '2-doubled',
      'alter table note add column body text',
      `insert into note select gen_random_uuid(), 'same' from generate_series(1, 2)`,
    );
    const last = migration('4-last', 'alter table note add column late int');

    const report = await fleet([one, doubled, unique, last]).migrate();

    expect(report.outcomes).toMatchObject([
      { target: 'shared', status: 'failed', error: { step: '3-unique', sqlState: '23505' } },
    ]);
    expect(await recorded('2-doubled')).toEqual(['shared']);
    expect(await recorded('4-last')).toEqual([]);
    // It would refuse rows and cost every write.
    expect(await indexes()).toEqual([]);

    await query(`update shared.note set body = tenant_id::text`);
    const again = await fleet([one, doubled, unique, last]).migrate();

    expect(again.outcomes).toMatchObject([
      { target: 'shared', status: 'migrated', migrations: ['3-unique', '4-last'] },
    ]);
    expect(await indexes()).toEqual([{ schema: 'shared', valid: true }]);
  });

  it('removes an index that was left invalid, and does not build again what is there', async () => {
    await fleetOf(1, [one, filled]);
    await query('create index note_body_idx on shared.note (tenant_id, body)');
    await query('create index note_body_idx on t_000.note (tenant_id, body)');
    await query(
      `update pg_index set indisvalid = false where indexrelid = 't_000.note_body_idx'::regclass`,
    );
    const before = await query<object[]>(
      `select 'shared.note_body_idx'::regclass::oid as shared, 't_000.note_body_idx'::regclass::oid as t_000`,
    );

    const report = await fleet([one, filled, indexed]).migrate();

    expect(report.outcomes).toMatchObject([{ status: 'migrated' }, { status: 'migrated' }]);

    const after = await query<object[]>(
      `select 'shared.note_body_idx'::regclass::oid as shared, 't_000.note_body_idx'::regclass::oid as t_000`,
    );
    expect(await indexes()).toMatchObject([{ valid: true }, { valid: true }]);
    expect(after).toMatchObject([{ shared: (before as [{ shared: number }])[0].shared }]);
    expect(after).not.toEqual(before);
  });

  it('lets what has to be the case keep it from being recorded', async () => {
    await fleetOf(0, [one, filled]);

    const report = await fleet([one, filled, indexed]).migrate({ verifySql: 'select false' });

    expect(report.outcomes).toMatchObject([{ status: 'failed', error: { sqlState: 'TN003' } }]);
    expect(await recorded('3-indexed')).toEqual([]);
  });

  it('waits for someone who builds an index already, and gives up in time', async () => {
    await fleetOf(0, [one, filled]);
    const other = await session();
    await other.query(
      `select pg_advisory_lock(hashtextextended('tenantry concurrent indexes', 0))`,
    );

    const report = await fleet([one, filled, indexed]).migrate({ patienceMs: 500 });

    await other.end();
    expect(report.outcomes).toMatchObject([{ status: 'failed', error: { sqlState: 'TN001' } }]);
  });

  it('is taken back without a transaction, too', async () => {
    await fleetOf(1, [one, filled]);
    const lists = [one, filled, { name: '3-indexed', class: IndexedAndBack }];
    await fleet(lists).migrate();

    await fleet(lists).rollback({ list: 'tenant' });

    expect(await indexes()).toEqual([]);
    expect(await recorded('3-indexed')).toEqual([]);
    expect((await fleet(lists).migrate()).outcomes).toMatchObject([
      { status: 'migrated' },
      { status: 'migrated' },
    ]);
  });

  it.each([
    'alter table note add column late int',
    'create index concurrently on note (body)',
    'create index concurrently one on note (body); create index concurrently two on note (body)',
  ])('can hold nothing that could not be done again: %s', async (statement) => {
    await expect(fleet([one, concurrently('2-other', statement)]).status()).rejects.toThrow(
      /2-other is not transactional, so it can only create indexes concurrently, by name/,
    );
  });

  it('is what verify expects', async () => {
    await addPlacementsAndMigrate();

    expect(await fleet([one, filled, indexed]).verify()).toMatchObject({ equal: 3, different: [] });
  });

  async function addPlacementsAndMigrate(): Promise<void> {
    await fleet([one, filled]).migrate();
    await addPlacements(2);
    await fleet([one, filled, indexed]).migrate();
  }
});
