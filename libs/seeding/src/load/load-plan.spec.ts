import fc from 'fast-check';
import { inChunks, membersOf, projectsOf } from './load-rows.ts';
import { plainWording } from '../factories/wording.ts';
import { LOAD_SKEWS, LoadImpossible, type LoadOptions, planLoad } from './load-plan.ts';

const options = (more: Partial<LoadOptions> = {}): LoadOptions => ({
  tenants: 40,
  rows: 2_000,
  skew: 'zipf',
  dedicated: 2,
  seed: 1,
  ...more,
});

const anyOptions = fc
  .record({
    tenants: fc.integer({ min: 1, max: 2_000 }),
    spread: fc.integer({ min: 0, max: 3_000_000 }),
    skew: fc.constantFrom(...LOAD_SKEWS),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  })
  .map(({ spread, ...rest }) =>
    options({ ...rest, rows: 3 * rest.tenants + spread, dedicated: 1 }),
  );

describe('a load', () => {
  it('has exactly the rows that were asked for, and each tenant a few of them', () => {
    fc.assert(
      fc.property(anyOptions, (asked) => {
        const { tenants } = planLoad(asked);
        const sizes = tenants.map(({ members, projects, tasks }) => members + projects + tasks);

        expect(tenants).toHaveLength(asked.tenants);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(asked.rows);
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(3);
        expect(Math.min(...tenants.map(({ projects }) => projects))).toBeGreaterThan(0);
        expect(Math.min(...tenants.map(({ tasks }) => tasks))).toBeGreaterThan(0);
      }),
    );
  });

  it('gives the n-th tenant an n-th of the first by zipf, and all the same when it is uniform', () => {
    const sizes = ({ skew }: Pick<LoadOptions, 'skew'>) =>
      planLoad(options({ tenants: 100, rows: 100_000, skew })).tenants.map(
        ({ members, projects, tasks }) => members + projects + tasks,
      );

    const zipf = sizes({ skew: 'zipf' });
    expect(zipf[0]! / zipf[1]!).toBeCloseTo(2, 1);
    expect(zipf[0]! / zipf[9]!).toBeCloseTo(10, 0);
    expect(new Set(sizes({ skew: 'uniform' }))).toEqual(new Set([1_000]));
  });

  it('has the first tenants in placements of their own, and some without members', () => {
    const { tenants } = planLoad(options());

    expect(tenants.slice(0, 3).map(({ slug, isolation }) => [slug, isolation])).toEqual([
      ['load-00001', 'schema'],
      ['load-00002', 'schema'],
      ['load-00003', 'shared'],
    ]);
    expect(tenants.filter(({ members }) => members === 0).map(({ slug }) => slug)).toEqual([
      'load-00020',
      'load-00040',
    ]);
  });

  it.each([
    ['tenants', { tenants: 0 }],
    ['tenants', { tenants: 1.5 }],
    ['rows', { rows: 119 }],
    ['dedicated', { dedicated: 41 }],
    ['seed', { seed: -1 }],
    ['seed', { seed: 2 ** 32 }],
    ['skew', { skew: 'steep' as never }],
  ])('says that %s cannot be met: %j', (option, wrong) => {
    expect(() => planLoad(options(wrong))).toThrow(LoadImpossible);
    expect(() => planLoad(options(wrong))).toThrow(`${option} has to be`);
  });
});

describe('the rows of a tenant', () => {
  it('are as many as were planned, with tasks counted through', () => {
    fc.assert(
      fc.property(
        fc.record({
          members: fc.integer({ min: 0, max: 20 }),
          projects: fc.integer({ min: 1, max: 60 }),
          tasks: fc.integer({ min: 1, max: 500 }),
        }),
        (counts) => {
          const recipe = { seed: 1, owner: 'acme', wording: plainWording };
          const projects = [...projectsOf(recipe, counts)];
          const tasks = projects.flatMap((project) => [...project.tasks]);

          expect([...membersOf(recipe, counts)]).toHaveLength(counts.members);
          expect(projects).toHaveLength(counts.projects);
          expect(new Set(tasks.map(({ id }) => id)).size).toBe(counts.tasks);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('come in chunks that weigh about the same, and never more than that and one item', () => {
    expect([...inChunks([1, 2, 3, 4, 5], 4, (item) => item)]).toEqual([[1, 2, 3], [4], [5]]);
    expect([...inChunks([], 4)]).toEqual([]);
  });
});
