import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { backfill, concurrently, contract, migration, one, useFleets } from '../testing/fleets.ts';
import { recordAdoptions } from './adoption.ts';
import { LockTaken } from './advisory-lock.ts';
import { compileList } from './compiled-migration.ts';
import { CatalogPending } from './fleet-refusals.ts';
import { UnknownPlacement } from './fleet-waves.ts';
import { asOwnerOf, asOwnerUncommitted } from './owner-transaction.ts';
import { lookAtBackfills } from './unfilled.ts';

const fleets = useFleets();
const { fleet, query, fleetOf, addPlacements, session } = fleets;

const two = migration('2-two', 'alter table note add column body text');
const data = migration('3-data', `update note set body = 'none' where body is null`);
const four = concurrently('4-four', 'create index concurrently note_body on note (body)');
const all = [one, two, data, four];

const NIL = '00000000-0000-0000-0000-000000000000';

interface LedgerRow {
  readonly target: string;
  readonly name: string;
  readonly checksum: string;
}

const ledger = (): Promise<LedgerRow[]> =>
  query<LedgerRow[]>(
    `select target, name, checksum from catalog.migration where target <> 'catalog' order by 1, 2`,
  );

const namesIn = async (schema: string): Promise<readonly string[]> =>
  (await ledger()).filter(({ target }) => target === schema).map(({ name }) => name);

/** Makes a placement without the ledger's knowing, as the owner; its role and rights are not there. */
async function makeByHand(schema: string, ...statements: string[]): Promise<void> {
  const owner = await session();
  await owner.query(
    [
      `set role tenantry_owner; create schema ${schema}; set search_path to ${schema}`,
      ...statements,
    ].join(';'),
  );
  await owner.end();
}

const BODY = [`create table note (tenant_id uuid primary key)`, `alter table note add body text`];

describe('a placement that the ledger says nothing of', () => {
  it('is found at its migrations, which are recorded as they were, but for how long they took', async () => {
    await fleetOf(3, all);
    const before = await ledger();
    await query(`delete from catalog.migration where target <> 'catalog'`);
    await query(
      `insert into catalog.migration_failure values ('t_000', gen_random_uuid(), '1-one', '42P07', 2)`,
    );

    const report = await fleet(all).baseline();

    expect(report).toMatchObject({ unchanged: 0, different: [], missed: [], stopped: null });
    expect(report.adoptions.map(({ schema }) => schema)).toEqual([
      'shared',
      't_000',
      't_001',
      't_002',
    ]);
    expect(await ledger()).toEqual(before);
    expect(
      await query(
        `select distinct run_id, duration_ms from catalog.migration where target <> 'catalog'`,
      ),
    ).toEqual([{ run_id: report.runId, duration_ms: null }]);
    expect(await query('select * from catalog.migration_failure')).toEqual([]);
    expect(await fleet(all).baseline()).toMatchObject({ unchanged: 4, adoptions: [] });
    expect(await fleet(all).migrate()).toMatchObject({ outcomes: [], upToDate: 4 });
  });

  it('is known to have been contracted', async () => {
    const better = migration('2-two', 'alter table note add column body text, add content text');
    const contracted = [one, better, contract('3-gone', '2-two', 'alter table note drop body')];
    await fleetOf(0, contracted);
    await query(`delete from catalog.migration where target <> 'catalog'`);

    await fleet(contracted).baseline();

    expect(
      await query(`select name, kind from catalog.migration where target <> 'catalog' order by 1`),
    ).toEqual([
      { name: '1-one', kind: 'expand' },
      { name: '2-two', kind: 'expand' },
      { name: '3-gone', kind: 'contract' },
    ]);
  });

  it('and has some of them is migrated by the rest, and used by the app', async () => {
    await fleetOf(0);
    await addPlacements(1);
    await makeByHand('t_000', ...BODY, `insert into note values (gen_random_uuid())`);

    const { adoptions } = await fleet(all).baseline();
    const { outcomes } = await fleet(all).migrate({ only: ['t_000'] });

    expect(adoptions).toMatchObject([{ schema: 't_000', names: ['1-one', '2-two'] }]);
    expect(outcomes).toMatchObject([{ status: 'migrated', migrations: ['3-data', '4-four'] }]);
    const app = new pg.Client({ connectionString: fleets.config.database.url });
    await app.connect();
    await app.query(`set role tenantry_t_000; insert into t_000.note values (gen_random_uuid())`);
    const { rows } = await app.query('select body from t_000.note order by 1');
    await app.end();
    expect(rows).toEqual([{ body: 'none' }, { body: null }]);
  });

  it('and has all of them is given its role and rights by the next run', async () => {
    await fleetOf(0, [one]);
    await addPlacements(1);
    await makeByHand('t_000', ...BODY.slice(0, 1));

    await fleet([one]).baseline();
    const { outcomes } = await fleet([one]).migrate();

    expect(outcomes).toMatchObject([{ target: 't_000', status: 'up-to-date' }]);
    expect(
      await query(`select has_table_privilege('tenantry_t_000', 't_000.note', 'insert') as may`),
    ).toEqual([{ may: true }]);
    expect(await fleet([one]).migrate()).toMatchObject({ outcomes: [], upToDate: 2 });
  });

  it('and belongs to somebody else is recorded, and the next run says so', async () => {
    await fleetOf(0, [one]);
    await addPlacements(1);
    await query('create schema t_000; create table t_000.note (tenant_id uuid primary key)');

    const { adoptions } = await fleet([one]).baseline();
    const { outcomes } = await fleet([one]).migrate();

    expect(adoptions).toMatchObject([{ schema: 't_000', names: ['1-one'] }]);
    expect(outcomes).toMatchObject([
      { status: 'failed', error: { step: 'preparation', sqlState: '42501' } },
    ]);
  });

  it('and is no prefix is left alone, with what differs from the nearest', async () => {
    await fleetOf(2, [one, two]);
    await query(`delete from catalog.migration where target in ('t_000', 't_001')`);
    await query(
      'alter table t_001.note add column extra int; alter table t_001.note drop constraint note_pkey',
    );

    const report = await fleet(all).baseline();

    expect(report.adoptions).toMatchObject([{ schema: 't_000', names: ['1-one', '2-two'] }]);
    expect(report.different).toEqual([
      {
        schema: 't_001',
        nearest: '2-two',
        missing: [
          'constraint note.note_pkey PRIMARY KEY (tenant_id)',
          'index CREATE UNIQUE INDEX note_pkey ON note USING btree (tenant_id)',
        ],
        unexpected: ['column note.extra integer'],
      },
    ]);
    expect(await namesIn('t_000')).toEqual(['1-one', '2-two']);
    expect(await namesIn('t_001')).toEqual([]);
  });

  it('is empty: then it is at no migration', async () => {
    await fleetOf(0, [one]);
    await addPlacements(2);
    await query('create schema t_000');

    expect(await fleet([one]).baseline()).toMatchObject({
      unchanged: 3,
      adoptions: [],
      different: [],
    });
  });
});

describe('many placements', () => {
  it('are each recorded, or compared, as one would be', async () => {
    const schemas = (await fleetOf(170, [one])).slice(0, -1);
    await query(`delete from catalog.migration where target like 't_%'`);
    const altered = schemas.slice(0, 110);
    await query(
      altered.map((schema) => `alter table ${schema}.note add "${schema}" int`).join(';'),
    );

    const report = await fleet([one]).baseline();

    expect(report.adoptions.map(({ schema }) => schema)).toEqual(schemas.slice(110));
    expect(report.different).toEqual(
      altered.map((schema) => ({
        schema,
        nearest: '1-one',
        missing: [],
        unexpected: [`column note.${schema} integer`],
      })),
    );
    expect((await ledger()).map(({ target }) => target)).toEqual(['shared', ...schemas.slice(110)]);
  });
});

describe('a migration that changes rows only', () => {
  it('is not taken on trust where nothing comes after it: it is migrated', async () => {
    await fleetOf(2, [one, two, data]);
    await fleet(all).migrate({ only: ['t_001'] });
    await query(`delete from catalog.migration where target = 't_000'`);

    const { adoptions } = await fleet(all).baseline();
    const { outcomes } = await fleet(all).migrate({ only: ['t_000'] });

    expect(adoptions).toMatchObject([{ names: ['1-one', '2-two'], traceless: [] }]);
    expect(outcomes).toMatchObject([{ status: 'migrated', migrations: ['3-data', '4-four'] }]);
  });

  it('is named where it is taken to be there because of what came after it', async () => {
    await fleetOf(1, all);
    await query(`delete from catalog.migration where target = 't_000'`);

    const { adoptions } = await fleet(all).baseline();

    expect(adoptions).toMatchObject([
      { names: ['1-one', '2-two', '3-data', '4-four'], traceless: ['3-data'] },
    ]);
  });

  it('stays recorded where it was', async () => {
    await fleetOf(1, [one, two, data]);
    await query(`delete from catalog.migration where target = 't_000' and name = '1-one'`);

    const { adoptions } = await fleet(all).baseline();

    expect(adoptions).toMatchObject([{ schema: 't_000', names: ['1-one'] }]);
    expect(await namesIn('t_000')).toEqual(['1-one', '2-two', '3-data']);
  });
});

describe('a backfill before what is there', () => {
  const keyed = migration(
    '1-one',
    'create table note (tenant_id uuid, id uuid, old text, primary key (tenant_id, id))',
  );
  const fill = backfill('3-fill', { set: `body = 'none'`, where: 'body is null' });
  const index = migration('4-four', 'create index note_body on note (body)');
  const filling = [keyed, two, fill, index];

  /** A row of each of two tenants, and only the first is filled in. */
  const addRows = (schema: string, second: string | null): Promise<object[]> =>
    query(
      `insert into ${schema}.note (tenant_id, id, body)
       values (gen_random_uuid(), '${NIL}', 'some'), (gen_random_uuid(), '${NIL}', ?)`,
      [second],
    );

  it('is recorded where it finds no row, and else left to be done, with what comes after it', async () => {
    await fleetOf(2, filling);
    await addRows('t_000', null);
    await addRows('t_001', 'other');
    await query(`delete from catalog.migration where target <> 'catalog'`);

    const { adoptions, unfilled, unchanged } = await fleet(filling).baseline({
      exclude: ['shared'],
    });

    expect(adoptions).toMatchObject([
      { schema: 't_000', names: ['1-one', '2-two'], traceless: [] },
      { schema: 't_001', names: ['1-one', '2-two', '3-fill', '4-four'], traceless: [] },
    ]);
    expect(unfilled).toEqual([{ schema: 't_000', backfill: '3-fill' }]);
    expect(unchanged).toBe(0);
    expect(await namesIn('t_000')).toEqual(['1-one', '2-two']);
  });

  it('is done by the next run, and then the rest is recorded', async () => {
    await fleetOf(1, filling);
    await addRows('t_000', null);
    await query(`delete from catalog.migration where target = 't_000'`);
    await fleet(filling).baseline();

    const { outcomes } = await fleet(filling).migrate();
    const { adoptions, unfilled } = await fleet(filling).baseline();

    expect(outcomes).toMatchObject([
      { target: 't_000', status: 'failed', error: { step: '4-four', sqlState: '42P07' } },
    ]);
    expect(await query('select body from t_000.note order by 1')).toEqual([
      { body: 'none' },
      { body: 'some' },
    ]);
    expect(adoptions).toMatchObject([{ schema: 't_000', names: ['4-four'] }]);
    expect(unfilled).toEqual([]);
    expect(await fleet(filling).migrate()).toMatchObject({ outcomes: [], upToDate: 2 });
  });

  it('stays out of a ledger that has something later, and so does what is between', async () => {
    const later = [...filling, migration('5-five', 'alter table note add column five int')];
    await fleetOf(1, later);
    await addRows('t_000', null);
    await query(
      `delete from catalog.migration where target = 't_000' and name in ('3-fill', '4-four')`,
    );

    const report = await fleet(later).baseline();

    expect(report).toMatchObject({ unchanged: 1, adoptions: [] });
    expect(report.unfilled).toEqual([{ schema: 't_000', backfill: '3-fill' }]);
    expect(await namesIn('t_000')).toEqual(['1-one', '2-two', '5-five']);
  });

  it('that cannot look is left, and keeps no other from being recorded', async () => {
    const asNumber = backfill('3-fill', { set: `body = '1'`, where: 'body::int = 0' });
    const wrong = [keyed, two, asNumber, index];
    await fleetOf(2, wrong);
    await addRows('t_000', 'no number');
    await query(`delete from catalog.migration where target like 't_%'`);

    const { adoptions, unfilled } = await fleet(wrong).baseline();

    expect(adoptions.map(({ names }) => names.at(-1))).toEqual(['2-two', '4-four']);
    expect(unfilled).toEqual([{ schema: 't_000', backfill: '3-fill' }]);
  });

  it('is looked for in many placements without their locks being kept', async () => {
    await fleetOf(3, filling);
    await query(`delete from catalog.migration where target like 't_%'`);
    const known = await compileList(fleets.owner, filling);

    const locks = await asOwnerUncommitted(fleets.owner, async (transaction) => {
      for (const schema of ['t_000', 't_001', 't_002']) {
        await lookAtBackfills(transaction, schema, { names: ['3-fill'] }, known);
      }
      return transaction.execute<object[]>(
        `select from pg_locks where pid = pg_backend_pid() and relation::regclass::text like '%note%'`,
      );
    });

    expect(locks).toEqual([]);
  });

  it('is taken to be there, and named, where what it looks for is gone', async () => {
    const fromOld = backfill('3-fill', { set: 'body = old', where: 'old <> body' });
    const gone = [keyed, two, fromOld, contract('4-gone', '2-two', 'alter table note drop old')];
    await fleetOf(1, gone.slice(0, 3));
    await query('alter table t_000.note drop old');
    await query(`delete from catalog.migration where target = 't_000'`);

    const { adoptions, unfilled } = await fleet(gone).baseline();

    expect(adoptions).toMatchObject([
      { names: ['1-one', '2-two', '3-fill', '4-gone'], traceless: ['3-fill'] },
    ]);
    expect(unfilled).toEqual([]);
  });
});

describe('a ledger that claims', () => {
  it('what is not there is not touched', async () => {
    await fleetOf(2, [one, two]);
    await query('alter table t_000.note drop column body; drop table t_001.note');
    const before = await ledger();

    const report = await fleet(all).baseline();

    expect(report).toMatchObject({
      unchanged: 1,
      adoptions: [],
      different: [],
      contradicted: [
        { schema: 't_000', claimed: ['2-two'] },
        { schema: 't_001', claimed: ['1-one', '2-two'] },
      ],
    });
    expect(await ledger()).toEqual(before);
  });

  it('other SQL than this build has is not added to', async () => {
    await fleetOf(1, [one, two]);
    await query(`delete from catalog.migration where target = 't_000' and name = '2-two'`);
    await query(`update catalog.migration set checksum = 'other' where target = 't_000'`);

    const report = await fleet(all).baseline();

    expect(report.contradicted).toEqual([{ schema: 't_000', claimed: ['1-one'] }]);
    expect(await namesIn('t_000')).toEqual(['1-one']);
  });

  it('what only a newer build knows is not judged', async () => {
    await fleetOf(1, [one, two]);

    expect(await fleet([one]).baseline()).toMatchObject({
      unchanged: 0,
      adoptions: [],
      unknown: ['shared', 't_000'],
    });
  });
});

describe('a run', () => {
  beforeEach(async () => {
    await fleetOf(3, [one]);
    await query(`delete from catalog.migration where target like 't_%'`);
  });

  it('goes to those placements that are asked for', async () => {
    await fleet([one]).baseline({ only: ['t_000', 't_001'], exclude: ['t_001'] });

    expect((await ledger()).map(({ target }) => target)).toEqual(['shared', 't_000']);
    await expect(fleet([one]).baseline({ only: ['nobody'] })).rejects.toThrow(UnknownPlacement);
  });

  it('that is planned only changes nothing, and leaves nothing of comparing', async () => {
    const { adoptions } = await fleet([one]).planBaseline();

    expect(adoptions).toHaveLength(3);
    expect((await ledger()).map(({ target }) => target)).toEqual(['shared']);
    expect(await query(`select from pg_namespace where nspname like 'tenantry\\_%'`)).toEqual([]);
  });

  it('is refused while another is under way', async () => {
    const other = await session();
    await other.query(`select pg_advisory_lock(hashtextextended('tenantry the fleet', 0))`);

    await expect(fleet([one]).baseline()).rejects.toThrow(LockTaken);
    await other.end();
    expect(await ledger()).toHaveLength(1);
  });

  it('leaves out a placement that someone else is busy with', async () => {
    const other = await session();
    await other.query(`select pg_advisory_lock(hashtextextended('tenantry placement t_001', 0))`);

    const report = await fleet([one]).baseline();

    await other.end();
    expect(report.missed).toEqual([{ schema: 't_001', reason: 'busy' }]);
    expect((await ledger()).map(({ target }) => target)).toEqual(['shared', 't_000', 't_002']);
  });

  it('that is interrupted records nothing more', async () => {
    const report = await fleet([one]).baseline({ signal: AbortSignal.abort() });

    expect(report).toMatchObject({ stopped: 'interrupted', adoptions: [] });
    expect(report.missed).toContainEqual({ schema: 't_000', reason: 'not-reached' });
    expect(await ledger()).toHaveLength(1);
  });

  it.each([
    ['what is there', `alter table t_001.note add column late int`],
    ['the ledger', `insert into catalog.migration (target, name) values ('t_001', '0-zero')`],
  ])('looks at %s again before it records', async (_what, change) => {
    const { adoptions } = await fleet([one]).planBaseline();
    await query(change);
    const before = await ledger();

    const recorded = await asOwnerOf(fleets.owner, 'shared', async (transaction) =>
      recordAdoptions(
        transaction,
        adoptions.filter(({ schema }) => schema !== 't_000'),
        await compileList(fleets.owner, [one]),
        randomUUID(),
      ),
    );

    expect(recorded).toMatchObject({
      adoptions: [{ schema: 't_002' }],
      missed: [{ schema: 't_001', reason: 'changed' }],
    });
    expect(await namesIn('t_002')).toEqual(['1-one']);
    expect(await ledger()).toHaveLength(before.length + 1);
  });

  it('asks for the catalog of this build', async () => {
    await query(`delete from catalog.migration where name like '%-fleet'`);

    await expect(fleet([one]).baseline()).rejects.toThrow(CatalogPending);
  });
});
