import type { CompiledMigration } from './compiled-migration.ts';
import { type AppliedMigration, type FleetSnapshot, isInRange, planFleet } from './fleet-plan.ts';
import { MigrationChanged, MigrationOutOfOrder, mustBeRunnable } from './fleet-refusals.ts';

const compiled = (name: string, completes: string | null = null): CompiledMigration => ({
  name,
  kind: completes === null ? 'expand' : 'contract',
  completes,
  isTransactional: true,
  backfill: null,
  accepts: {},
  up: [],
  down: null,
  checksum: `sum of ${name}`,
});
const known = {
  catalog: ['1-a', '2-b'].map((name) => compiled(name)),
  tenant: ['1-x', '2-y', '3-z'].map((name) => compiled(name)),
};
const applied = (...names: string[]): AppliedMigration[] =>
  names.map((name) => ({ name, checksum: `sum of ${name}`, kind: 'expand' }));
const snapshot = (placements: Record<string, readonly AppliedMigration[]>): FleetSnapshot => ({
  catalog: applied('1-a', '2-b'),
  placements: Object.entries(placements).map(([schema, migrations]) => ({
    schema,
    slugs: [],
    applied: migrations,
    failure: null,
  })),
  builds: [],
});

describe('the plan of a fleet', () => {
  it('begins with the catalog, and has everything pending where nothing has been applied', () => {
    const plan = planFleet({ ...snapshot({ shared: [] }), catalog: [] }, known);

    expect(plan).toMatchObject([
      { name: 'catalog', list: 'catalog', applied: [], pending: ['1-a', '2-b'], ahead: [] },
      { name: 'shared', list: 'tenant', applied: [], pending: ['1-x', '2-y', '3-z'], ahead: [] },
    ]);
  });

  it('has pending what a placement lacks, each for itself', () => {
    const plan = planFleet(
      snapshot({ shared: applied('1-x', '2-y', '3-z'), t_1: applied('1-x') }),
      known,
    );

    expect(plan.map(({ pending }) => pending)).toEqual([[], [], ['2-y', '3-z']]);
  });

  it('says what a newer build has applied', () => {
    const [, shared] = planFleet(
      snapshot({ shared: applied('1-x', '2-y', '3-z', '4-new') }),
      known,
    );

    expect(shared).toMatchObject({ pending: [], ahead: ['4-new'], changed: [], outOfOrder: [] });
  });

  it('is refused when something has other SQL than what was applied, naming what and where', () => {
    const other = [{ name: '1-x', checksum: 'of something else', kind: 'expand' as const }];
    const targets = planFleet(
      snapshot({ a: other, b: applied('1-x'), c: other, d: other, e: other, f: other }),
      known,
    );

    expect(() => {
      mustBeRunnable(targets, {});
    }).toThrow(MigrationChanged);
    expect(() => {
      mustBeRunnable(targets, {});
    }).toThrow('1-x in a, c, d and 2 more.');
  });

  it('knows nothing against what was applied before there were checksums', () => {
    const targets = planFleet(
      snapshot({ a: [{ name: '1-x', checksum: null, kind: 'expand' }] }),
      known,
    );

    mustBeRunnable(targets, {});
    expect(targets[1]).toMatchObject({ changed: [], pending: ['2-y', '3-z'] });
  });

  it('is refused when something would come after what sorts behind it, unless that is allowed', () => {
    const targets = planFleet(snapshot({ a: applied('1-x', '3-z') }), known);

    expect(() => {
      mustBeRunnable(targets, {});
    }).toThrow(MigrationOutOfOrder);
    mustBeRunnable(targets, { allowOutOfOrder: true });
  });

  describe('with a contract', () => {
    const withContract = {
      ...known,
      tenant: [compiled('1-x'), compiled('2-y'), compiled('3-z', '1-x'), compiled('4-w')],
    };
    const contracted = (name: string): AppliedMigration => ({
      name,
      checksum: `sum of ${name}`,
      kind: 'contract',
    });

    it('lets it wait, and expands go past it', () => {
      const targets = planFleet(snapshot({ a: applied('1-x', '2-y', '4-w') }), withContract);

      mustBeRunnable(targets, {});
      expect(targets[1]).toMatchObject({ pending: [], toContract: ['3-z'], outOfOrder: [] });
      expect(isInRange(targets[1]!)).toBe(true);
    });

    it('lets no expand come after it that sorts before it', () => {
      const targets = planFleet(
        snapshot({ a: [...applied('1-x'), contracted('3-z')] }),
        withContract,
      );

      expect(targets[1]).toMatchObject({ pending: ['2-y', '4-w'], outOfOrder: ['2-y'] });
    });

    it('lets no contract come after one that sorts behind it', () => {
      const targets = planFleet(
        snapshot({ a: [...applied('1-x', '2-y', '4-w'), contracted('5-v')] }),
        { ...known, tenant: [...withContract.tenant, compiled('5-v', '4-w')] },
      );

      expect(targets[1]).toMatchObject({ toContract: ['3-z'], outOfOrder: ['3-z'] });
    });

    it('is out of range of a build that does not know it, where an expand is not', () => {
      const targets = planFleet(
        snapshot({
          a: [...applied('1-x', '2-y', '3-z'), contracted('4-new')],
          b: applied('1-x', '2-y', '3-z', '4-new'),
          c: applied('1-x', '2-y'),
        }),
        known,
      );

      expect(targets.slice(1).map(({ contracted: gone }) => gone)).toEqual([['4-new'], [], []]);
      expect(targets.slice(1).map(isInRange)).toEqual([false, true, false]);
    });
  });
});
