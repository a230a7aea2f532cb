import { planFleet } from './fleet-plan.ts';

const known = { catalog: ['1-a', '2-b'], tenant: ['1-x', '2-y', '3-z'] };

describe('the plan of a fleet', () => {
  it('begins with the catalog, and has everything pending where nothing has been applied', () => {
    const plan = planFleet({ placements: ['shared'], applied: new Map() }, known);

    expect(plan).toEqual([
      { name: 'catalog', list: 'catalog', applied: [], pending: ['1-a', '2-b'], ahead: [] },
      { name: 'shared', list: 'tenant', applied: [], pending: ['1-x', '2-y', '3-z'], ahead: [] },
    ]);
  });

  it('has pending what a placement lacks, each for itself', () => {
    const applied = new Map([
      ['catalog', ['1-a', '2-b']],
      ['shared', ['1-x', '2-y', '3-z']],
      ['t_1', ['1-x']],
    ]);

    const plan = planFleet({ placements: ['shared', 't_1'], applied }, known);

    expect(plan.map(({ pending }) => pending)).toEqual([[], [], ['2-y', '3-z']]);
  });

  it('says what a newer build has applied', () => {
    const applied = new Map([['shared', ['1-x', '2-y', '3-z', '4-new']]]);

    const [, shared] = planFleet({ placements: ['shared'], applied }, known);

    expect(shared).toMatchObject({ pending: [], ahead: ['4-new'] });
  });
});
