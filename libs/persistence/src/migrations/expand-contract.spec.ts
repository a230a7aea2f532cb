import { contract, migration, one, useFleets } from '../testing/fleets.ts';
import { isInRange } from './fleet-plan.ts';
import { BuildOutOfRange, ContractRefused } from './fleet-refusals.ts';
import { SchemaMigration } from './schema-migration.ts';

const { fleet, query, fleetOf, addPlacements, session } = useFleets();

const old = migration('2-old', 'alter table note add column body text');
const better = migration('3-better', 'alter table note add column content text');
const gone = contract('4-gone', '3-better', 'alter table note drop column body');
const later = migration('5-later', 'alter table note add column late int');
const all = [one, old, better, gone, later];

class BetterAndBack extends SchemaMigration {
  override readonly kind = 'expand';

  override up(): void {
    this.addSql('alter table note add column content text');
  }

  override down(): void {
    this.addSql('alter table note drop column content');
  }
}

/** A process of a build that is ready for these contracts, and is heard of no more after so many seconds. */
const running = (contracts: readonly string[], seconds = 60): Promise<unknown> =>
  query(
    `insert into catalog.heartbeat (id, contracts, counts_until)
     values (gen_random_uuid(), array(select jsonb_array_elements_text(?::jsonb)), now() + ? * interval '1 second')`,
    [JSON.stringify(contracts), seconds],
  );

const newPlacement = (): Promise<unknown> =>
  query(
    `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
     values (gen_random_uuid(), now(), now(), 'schema', 't_new')`,
  );

/** Where the old column is. */
async function schemasWithOld(): Promise<readonly string[]> {
  const rows = await query<{ name: string }[]>(
    `select table_schema as name from information_schema.columns where table_name = 'note' and column_name = 'body' order by 1`,
  );
  return rows.map(({ name }) => name);
}

const applied = async (target: string): Promise<readonly string[]> =>
  (
    await query<{ name: string }[]>(
      'select name from catalog.migration where target = ? order by name',
      [target],
    )
  ).map(({ name }) => name);

describe('a contract', () => {
  it('waits until it is asked for, while later expands go past it', async () => {
    await fleetOf(1, [one, old]);

    await fleet(all).migrate();

    expect(await schemasWithOld()).toEqual(['shared', 't_000']);
    expect(await applied('t_000')).toEqual(['1-one', '2-old', '3-better', '5-later']);
    for (const target of (await fleet(all).status()).slice(1)) {
      expect(target).toMatchObject({ pending: [], toContract: ['4-gone'], outOfOrder: [] });
    }

    const report = await fleet(all).migrate({ contract: true });

    expect(report.outcomes).toMatchObject([
      { target: 't_000', migrations: ['4-gone'] },
      { target: 'shared', migrations: ['4-gone'] },
    ]);
    expect(await schemasWithOld()).toEqual([]);
    expect(await fleet(all).verify()).toMatchObject({ equal: 2, different: [] });
    expect(
      await query(`select distinct kind from catalog.migration where name = '4-gone'`),
    ).toEqual([{ kind: 'contract' }]);
  });

  it('is refused while a build has been seen lately that does not know it, and nothing is done', async () => {
    await fleetOf(1, [one, old, better]);
    await running(['4-gone']);
    await running([]);

    await expect(fleet(all).migrate({ contract: true })).rejects.toThrow(ContractRefused);
    await expect(fleet(all).plan({ contract: true })).rejects.toThrow(
      '4-gone takes away what is needed by a build that does not know it, of which one process has been seen lately.',
    );

    expect(await schemasWithOld()).toEqual(['shared', 't_000']);
    expect(await applied('t_000')).not.toContain('5-later');
    // Expands are in nobody's way.
    await fleet(all).migrate();
    expect(await applied('t_000')).toContain('5-later');
  });

  it('is applied when such a build has not been heard of for long enough', async () => {
    await fleetOf(1, [one, old, better]);
    await running(['4-gone']);
    await running([], -1);

    await fleet(all).migrate({ contract: true });

    expect(await schemasWithOld()).toEqual([]);
  });

  it('is refused while any placement lags behind its expand, also one that is not asked for', async () => {
    await fleetOf(2, [one, old]);
    await fleet(all).migrate({ exclude: ['t_001'] });

    await expect(fleet(all).migrate({ contract: true, only: ['t_000'] })).rejects.toThrow(
      '4-gone completes 3-better, which is pending in t_001. Run migrate without --contract first',
    );

    expect(await schemasWithOld()).toEqual(['shared', 't_000', 't_001']);
  });

  it('is applied at once in a placement that is new, unless a build is running that needs the old shape', async () => {
    await fleetOf(0, all);
    expect(await schemasWithOld()).toEqual([]);

    await addPlacements(1);
    await fleet(all).migratePlacement('t_000');
    expect(await schemasWithOld()).toEqual([]);

    await running([]);
    await query(
      `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
       values (gen_random_uuid(), now(), now(), 'schema', 't_new'), (gen_random_uuid(), now(), now(), 'schema', 't_newer')`,
    );
    await fleet(all).migratePlacement('t_new');
    await fleet(all).migrate();
    expect(await schemasWithOld()).toEqual(['t_new', 't_newer']);
  });

  it('is out of the range of a build that does not know it', async () => {
    await fleetOf(1, [one, old, better]);
    await fleet(all).migrate({ only: ['t_000'] });
    const before = [one, old, better];
    expect((await fleet(before).status()).map(isInRange)).toEqual([true, true, true]);

    await fleet(all).migrate();
    await fleet(all).migrate({ contract: true, only: ['t_000'] });

    expect(
      (await fleet(before).status()).map(({ name, contracted }) => [name, contracted]),
    ).toEqual([
      ['catalog', []],
      ['shared', []],
      ['t_000', ['4-gone']],
    ]);
  });

  it.each([
    ['no expand', null],
    ['one that there is not', '9-other'],
    ['itself', '4-gone'],
    ['one that comes after it', '5-later'],
  ])('that completes %s is refused', async (_what, completes) => {
    await expect(
      fleet([one, contract('4-gone', completes, 'select 1'), later]).status(),
    ).rejects.toThrow('The migration 4-gone is marked contract, so `completes` has to name');
  });

  it('leaves a placement that is new in the old shape as long as the others are, so that a build can go back', async () => {
    await fleetOf(1, [one, old, better]);
    await fleet(all).migrate();
    await running(['4-gone']);
    await newPlacement();

    await fleet(all).migratePlacement('t_new');

    expect(await schemasWithOld()).toEqual(['shared', 't_000', 't_new']);
    expect((await fleet([one, old, better]).status()).map(isInRange)).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it('is not applied where a build has begun to run since, wave by wave', async () => {
    await fleetOf(1, [one, old, better]);
    const slow = migration('3-slow', 'select pg_sleep(0.5)');
    const begun: Promise<unknown>[] = [];

    const report = await fleet([one, old, better, slow, gone]).migrate({
      contract: true,
      canary: ['t_000'],
      observe: ({ type }) => {
        if (type === 'placement' && begun.length === 0) {
          begun.push(running([]));
        }
      },
    });

    expect(report.outcomes).toMatchObject([
      { target: 't_000', status: 'migrated' },
      { target: 'shared', status: 'failed', error: { step: '4-gone', sqlState: 'TN005' } },
    ]);
    expect(await schemasWithOld()).toEqual(['shared']);
  });

  it('does not come to a placement that somebody else has made meanwhile', async () => {
    await fleetOf(0, all);
    await newPlacement();
    const holder = await session();
    await holder.query(`select pg_advisory_lock(hashtextextended('tenantry placement t_new', 0))`);
    let retries = 0;
    const made: Promise<unknown>[] = [];

    await fleet(all).migrate({
      observe: ({ type }) => {
        if (type === 'retry' && ++retries === 2) {
          made.push(holder.end().then(() => fleet([one, old]).migratePlacement('t_new')));
        }
      },
    });

    await Promise.all(made);
    expect(await applied('t_new')).not.toContain('4-gone');
    expect(await schemasWithOld()).toEqual(['t_new']);
  });

  it('keeps no placement from being migrated that an older build makes during the run', async () => {
    await fleetOf(1, [one, old, better]);
    const made: Promise<unknown>[] = [];

    const report = await fleet(all).migrate({
      contract: true,
      verifySql: 'select pg_sleep(0.7) is not null',
      observe: ({ type }) => {
        if (type === 'waves' && made.length === 0) {
          made.push(newPlacement().then(() => fleet([one, old]).migratePlacement('t_new')));
        }
      },
    });

    await Promise.all(made);
    expect(report.outcomes).toMatchObject([
      { target: 't_000', status: 'migrated' },
      { target: 'shared', status: 'migrated' },
      { target: 't_new', status: 'migrated' },
    ]);
    expect((await applied('t_new')).slice(0, 3)).toEqual(['1-one', '2-old', '3-better']);
    expect(await applied('t_new')).not.toContain('4-gone');
  });

  it('tells the build before that it can go on nowhere, before anything is done', async () => {
    await fleetOf(0, all);
    const before = fleet([one, old, { name: '3-better', class: BetterAndBack }]);

    await expect(before.migrate()).rejects.toThrow(BuildOutOfRange);
    await expect(before.rollback({ list: 'tenant', loseData: true })).rejects.toThrow(
      'A newer build has been at 1 of the targets (shared: 4-gone, 5-later). Roll back with that one.',
    );
  });

  it('that waits leaves the ledger what it is, to baseline too', async () => {
    await fleetOf(1, [one, old]);
    await fleet(all).migrate();

    expect(await fleet(all).planBaseline()).toMatchObject({
      unchanged: 2,
      adoptions: [],
      different: [],
    });
    await query('alter table t_000.note add column by_hand text');
    expect(await fleet(all).planBaseline()).toMatchObject({
      unchanged: 1,
      different: [{ schema: 't_000' }],
    });
  });
});

describe('a placement that has all there is', () => {
  it('is not waited for by whoever makes a tenant in it, while somebody fills in rows there', async () => {
    await fleetOf(0, [one]);
    const holder = await session();
    await holder.query(`select pg_advisory_lock(hashtextextended('tenantry placement shared', 0))`);

    expect(await fleet([one]).migratePlacement('shared')).toMatchObject({ status: 'up-to-date' });

    await holder.end();
  });
});
