import { contract, migration, one, useFleets } from '../testing/fleets.ts';
import { isInRange } from './fleet-plan.ts';
import { ContractRefused } from './fleet-refusals.ts';

const { fleet, query, fleetOf, addPlacements } = useFleets();

const old = migration('2-old', 'alter table note add column body text');
const better = migration('3-better', 'alter table note add column content text');
const gone = contract('4-gone', '3-better', 'alter table note drop column body');
const later = migration('5-later', 'alter table note add column late int');
const all = [one, old, better, gone, later];

/** A process of a build that is ready for these contracts, and is heard of no more after so many seconds. */
const running = (contracts: readonly string[], seconds = 60): Promise<unknown> =>
  query(
    `insert into catalog.heartbeat (id, contracts, counts_until)
     values (gen_random_uuid(), array(select jsonb_array_elements_text(?::jsonb)), now() + ? * interval '1 second')`,
    [JSON.stringify(contracts), seconds],
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
      '4-gone takes away what 1 running processes of an older build need.',
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
});
