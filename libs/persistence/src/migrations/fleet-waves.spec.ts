import type { TargetPlan } from './fleet-plan.ts';
import { CanaryRuledOut, planWaves, select, UnknownPlacement } from './fleet-waves.ts';

const placement = (name: string, ...slugs: string[]): TargetPlan => ({
  name,
  list: 'tenant',
  slugs,
  failure: null,
  applied: [],
  pending: [],
  toContract: [],
  ahead: [],
  contracted: [],
  changed: [],
  outOfOrder: [],
});
const placements = ['t_1', 't_2', 't_3', 'shared', 't_4', 't_5'].map((name) =>
  placement(name, ...(name === 't_3' ? ['acme'] : [])),
);
const namesOf = (waves: ReturnType<typeof planWaves>): [string, string[]][] =>
  waves.map(({ name, targets }) => [name, targets.map((target) => target.name)]);

describe('the waves of a run', () => {
  it('are one, with the shared placement last, unless more are asked for', () => {
    expect(namesOf(planWaves(placements, {}))).toEqual([
      ['100 %', ['t_1', 't_2', 't_3', 't_4', 't_5', 'shared']],
    ]);
  });

  it('begin with the canaries, by the schema or by the tenant, and grow', () => {
    const waves = planWaves(placements, { canary: ['t_5', 'acme'], waves: [25, 50] });

    expect(namesOf(waves)).toEqual([
      ['canary', ['t_3', 't_5']],
      ['25 %', ['t_1']],
      ['50 %', ['t_2']],
      ['100 %', ['t_4', 'shared']],
    ]);
    expect(waves.map(({ isCanary }) => isCanary)).toEqual([true, false, false, false]);
  });

  it('are none when nothing is left to be done', () => {
    expect(planWaves([], { canary: ['acme'], waves: [10] })).toEqual([]);
  });
});

describe('the placements of a run', () => {
  it('are those that are named, without those that are not to be', () => {
    const selected = select(placements, { only: ['acme', 't_1', 't_2'], exclude: ['t_2'] });

    expect(selected.map(({ name }) => name)).toEqual(['t_1', 't_3']);
  });

  it('are not guessed from a name that there is not', () => {
    expect(() => select(placements, { only: ['acme', 'nobody'], canary: ['t_9'] })).toThrow(
      new UnknownPlacement(['nobody', 't_9']),
    );
  });

  it.each([
    { only: ['t_1'], canary: ['acme'] },
    { exclude: ['t_3'], canary: ['acme'] },
  ])('have their canary among them: %j', (options) => {
    expect(() => select(placements, options)).toThrow(new CanaryRuledOut(['acme']));
    expect(select(placements, { ...options, ignoreUnknown: true })).not.toEqual([]);
  });
});
