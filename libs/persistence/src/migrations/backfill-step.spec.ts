import { backfill, migration, useFleets } from '../testing/fleets.ts';
import { Backfill } from './backfill.ts';
import { FleetMigrator } from './fleet-migrator.ts';
import { migrationLists } from './migration-lists.ts';
import type { RunEvent } from './run-events.ts';

const fleets = useFleets();
const { fleet, query, fleetOf, session } = fleets;

const A = '00000000-0000-7000-8000-00000000000a';
const B = '00000000-0000-7000-8000-00000000000b';
const ROWS = 35;

const one = migration(
  '1-one',
  'create table note (tenant_id uuid not null, id uuid not null, body text, primary key (tenant_id, id))',
);
const filled = backfill('2-filled', {
  set: `body = 'of ' || current_setting('app.tenant_id')`,
  where: 'body is null',
});
const last = migration('3-last', 'alter table note alter column body set not null');
const all = [one, filled, last];

const id = (number: number): string =>
  `01900000-0000-7000-8000-${String(number).padStart(12, '0')}`;

/** Two tenants in the shared placement whose rows have the same ids, and one in a placement of its own. */
async function withRows(): Promise<void> {
  await fleetOf(1, [one]);
  for (const [schema, tenant] of [
    ['shared', A],
    ['shared', B],
    ['t_000', A],
  ]) {
    await query(
      `insert into ${schema}.note (tenant_id, id)
       select ?, ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid from generate_series(1, ${ROWS}) n`,
      [tenant],
    );
  }
}

const bodies = (schema: string): Promise<object[]> =>
  query(
    `select tenant_id as tenant, body, count(*)::int as rows from ${schema}.note group by 1, 2 order by 1, 2`,
  );
const ALL_FILLED = [
  { tenant: A, body: `of ${A}`, rows: ROWS },
  { tenant: B, body: `of ${B}`, rows: ROWS },
];

const progress = (): Promise<object[]> =>
  query(
    'select target, name, tenant_id as tenant, row_id as row, changed::int from catalog.backfill_progress order by 1',
  );

describe('a backfill', () => {
  it('fills in all rows of all tenants in batches of one tenant, and what comes after it waits', async () => {
    await withRows();
    const steps: unknown[] = [];
    const changed: number[] = [];
    const observe = (event: RunEvent): void => {
      if ('target' in event && event.target === 'shared') {
        if (event.type === 'backfill') {
          changed.push(event.changed);
        } else if (event.type === 'step') {
          steps.push(event.migration);
        }
      }
    };

    const report = await fleet(all).migrate({ observe });

    expect(report.outcomes).toMatchObject([
      { target: 't_000', status: 'migrated', migrations: ['2-filled', '3-last'] },
      { target: 'shared', status: 'migrated', migrations: ['2-filled', '3-last'] },
    ]);
    expect(await bodies('shared')).toEqual(ALL_FILLED);
    expect(await bodies('t_000')).toEqual(ALL_FILLED.slice(0, 1));
    expect(changed).toEqual([10, 20, 30, 35, 45, 55, 65, 70]);
    expect(steps).toEqual(['2-filled', '3-last']);
    // Each batch was a transaction of its own.
    expect(await query('select distinct xmin::text from shared.note')).toHaveLength(8);
    expect(await progress()).toEqual([]);
    expect((await fleet(all).verify()).different).toEqual([]);
  });

  it('sees no other tenant’s rows, whatever its statement reads', async () => {
    const isolated = ['note', 'project'].flatMap((table) => [
      `alter table ${table} enable row level security`,
      `create policy tenant_isolation on ${table} using (tenant_id = current_setting('app.tenant_id')::uuid)`,
    ]);
    const project = migration(
      '1-project',
      'create table project (tenant_id uuid not null, id uuid not null, name text, primary key (tenant_id, id))',
      ...isolated,
    );
    await withRows();
    await fleet([one, project]).migrate();
    await query(
      `insert into shared.project select tenant_id, id, 'of ' || tenant_id from shared.note`,
    );

    // Without the tenant, whose rows have the same ids as the other's.
    const careless = backfill('2-filled', {
      set: 'body = (select min(p.name) from project p where p.id = note.id)',
      where: 'body is null',
    });
    await fleet([one, project, careless]).migrate({ only: ['shared'] });

    expect(await bodies('shared')).toEqual(ALL_FILLED);
  });

  it('ends after the batch that is under way when it is interrupted, and goes on there', async () => {
    await withRows();
    const interrupt = new AbortController();
    const report = await fleet(all).migrate({
      only: ['shared'],
      signal: interrupt.signal,
      observe: ({ type }) => {
        if (type === 'backfill') {
          interrupt.abort();
        }
      },
    });

    expect(report).toMatchObject({
      stopped: 'interrupted',
      outcomes: [{ target: 'shared', status: 'not-reached' }],
    });
    expect(await progress()).toEqual([
      { target: 'shared', name: '2-filled', tenant: A, row: id(10), changed: 10 },
    ]);
    const before = await query(
      'select id, xmin::text from shared.note where body is not null order by 1',
    );
    expect(before).toHaveLength(10);

    // One behind it is for another pass.
    await query(`update shared.note set body = null where id = ?`, [id(3)]);
    before.splice(2, 1);
    const again = new AbortController();
    await fleet(all).migrate({
      only: ['shared'],
      signal: again.signal,
      observe: ({ type }) => {
        if (type === 'backfill') {
          again.abort();
        }
      },
    });
    expect(await progress()).toMatchObject([{ tenant: A, row: id(20), changed: 20 }]);

    await fleet(all).migrate({ only: ['shared'] });

    expect(await bodies('shared')).toEqual(ALL_FILLED);
    expect(
      await query(
        'select id, xmin::text from shared.note where tenant_id = ? and id <= ? and id <> ? order by 1',
        [A, id(10), id(3)],
      ),
    ).toEqual(before);
  });

  it('finds rows that were written behind it', async () => {
    await withRows();
    const writer = await session();
    const written: Promise<unknown>[] = [];

    await fleet(all).migrate({
      only: ['shared'],
      observe: (event) => {
        if (event.type === 'backfill' && written.length === 0) {
          written.push(
            writer.query(
              `insert into shared.note values ('${A}', '01800000-0000-7000-8000-000000000001')`,
            ),
          );
        }
      },
    });

    await Promise.all(written);
    await writer.end();
    expect(await bodies('shared')).toEqual([
      { tenant: A, body: `of ${A}`, rows: ROWS + 1 },
      { tenant: B, body: `of ${B}`, rows: ROWS },
    ]);
  });

  it('keeps what it has done when a row cannot be changed, says why, and goes on when it can', async () => {
    await withRows();
    await query(
      `alter table shared.note add constraint poison check (tenant_id <> '${B}' or id <> '${id(15)}' or body is null)`,
    );

    const report = await fleet(all).migrate();

    expect(report.outcomes).toMatchObject([
      { target: 't_000', status: 'migrated' },
      { target: 'shared', status: 'failed', error: { step: '2-filled', sqlState: '23514' } },
    ]);
    expect(await progress()).toMatchObject([{ tenant: B, row: id(10), changed: 45 }]);

    await query('alter table shared.note drop constraint poison');
    expect((await fleet(all).migrate()).outcomes).toMatchObject([
      { target: 'shared', status: 'migrated' },
    ]);
    expect(await bodies('shared')).toEqual(ALL_FILLED);
    expect(await query('select * from catalog.migration_failure')).toEqual([]);
  });

  it('tries again when somebody holds a row, and keeps nobody waiting meanwhile', async () => {
    await withRows();
    const holder = await session();
    await holder.query('begin');
    await holder.query(
      `update shared.note set body = 'mine' where tenant_id = '${A}' and id = '${id(12)}'`,
    );
    let retries = 0;

    const report = await fleet(all).migrate({
      only: ['shared'],
      lockTimeoutMs: 100,
      observe: ({ type }) => {
        if (type === 'retry' && ++retries === 2) {
          void holder.query('commit');
        }
      },
    });

    await holder.end();
    expect(retries).toBeGreaterThanOrEqual(2);
    expect(report.outcomes).toMatchObject([{ target: 'shared', status: 'migrated' }]);
    expect(await bodies('shared')).toContainEqual({ tenant: A, body: 'mine', rows: 1 });
  });

  it('that would never end is stopped at its first batch', async () => {
    await withRows();
    const endless = backfill('2-filled', { set: `body = 'other'`, where: 'true' });

    const report = await fleet([one, endless]).migrate({ only: ['shared'] });

    expect(report.outcomes).toMatchObject([
      { status: 'failed', attempts: 1, error: { step: '2-filled', sqlState: 'TN004' } },
    ]);
    expect(report.outcomes[0]).toHaveProperty(
      'error.reason',
      'Its condition is true still of rows that it has just changed. It has to be false of them then, by their own columns. (TN004)',
    );
    expect(await progress()).toMatchObject([{ changed: 10 }]);
  });

  it('whose rows do not stay as it sets them is stopped after some passes', async () => {
    await withRows();
    await query(
      `create function shared.ignore() returns trigger language plpgsql as 'begin return null; end';
       create trigger ignore before update on shared.note for each row execute function shared.ignore()`,
    );

    const report = await fleet(all).migrate({ only: ['shared'] });

    expect(report.outcomes).toMatchObject([
      { status: 'failed', error: { step: '2-filled', sqlState: 'TN004' } },
    ]);
    expect(report.outcomes[0]).toHaveProperty(
      'error.reason',
      expect.stringMatching(/^After 10 passes there are rows still/),
    );
  });

  it('can do nothing else', async () => {
    class More extends Backfill {
      override readonly table = 'note';
      override readonly set = `body = ''`;
      override readonly where = 'body is null';

      override up(): void {
        super.up();
        this.addSql('create index more on note (body)');
      }
    }

    await expect(fleet([one, { name: '2-more', class: More }]).status()).rejects.toThrow(
      'The backfill 2-more can do nothing else.',
    );
  });

  it.each([{ batchSize: 0 }, { batchSize: 1.5 }, { pauseMs: -1 }])(
    'is refused with %j',
    async (settings) => {
      const wrong = backfill('2-filled', { set: `body = ''`, where: 'body is null', ...settings });

      await expect(fleet([one, wrong]).status()).rejects.toThrow(
        'The backfill 2-filled has to have a batchSize of at least 1',
      );
    },
  );

  it('is refused in the catalog, which is not a tenant’s', async () => {
    const lists = { ...migrationLists, catalog: [...migrationLists.catalog, filled] };
    const migrator = new FleetMigrator(fleets.owner, fleets.config.database, lists);

    await expect(migrator.status()).rejects.toThrow(
      '2-filled of the catalog is a backfill, which goes from tenant to tenant.',
    );
  });

  it('lets what has to be the case keep it from being recorded', async () => {
    await withRows();

    const report = await fleet([one, filled]).migrate({
      only: ['shared'],
      verifySql: `select not exists (select from note where body like 'of%b')`,
    });

    expect(report.outcomes).toMatchObject([{ status: 'failed', error: { sqlState: 'TN003' } }]);
    expect(await query(`select from catalog.migration where name = '2-filled'`)).toEqual([]);
  });

  it('stays filled in when it is taken back', async () => {
    await withRows();
    await fleet([one, filled]).migrate();

    await query(`update shared.note set body = null where tenant_id = '${A}'`);

    await fleet([one, filled]).rollback({ list: 'tenant' });

    expect(await query(`select from catalog.migration where name = '2-filled'`)).toEqual([]);
    expect(await bodies('shared')).toEqual([
      { tenant: A, body: null, rows: ROWS },
      ...ALL_FILLED.slice(1),
    ]);
  });
});
