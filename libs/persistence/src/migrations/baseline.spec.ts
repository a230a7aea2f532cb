import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { concurrently, contract, migration, one, useFleets } from '../testing/fleets.ts';
import { recordAdoptions } from './adoption.ts';
import { LockTaken } from './advisory-lock.ts';
import { compileList } from './compiled-migration.ts';
import { CatalogPending } from './fleet-refusals.ts';
import { UnknownPlacement } from './fleet-waves.ts';
import { asOwnerOf } from './owner-transaction.ts';

const fleets = useFleets();
const { fleet, query, fleetOf, addPlacements, session } = fleets;

const two = migration('2-two', 'alter table note add column body text');
const data = migration('3-data', `update note set body = 'none' where body is null`);
const four = concurrently('4-four', 'create index concurrently note_body on note (body)');
const all = [one, two, data, four];

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
