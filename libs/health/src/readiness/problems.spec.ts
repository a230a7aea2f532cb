import { type CompiledLists, compileWithoutServer } from '@tenantry/persistence';
import { problemsOf } from './problems.ts';
import type { ServerFacts } from './server-facts.ts';

let build: CompiledLists;
let fine: ServerFacts;

beforeAll(async () => {
  build = await compileWithoutServer();
  const applied = (target: string, list: CompiledLists['catalog']): ServerFacts['applied'] =>
    list.map(({ name, kind, checksum }) => ({ target, name, kind, checksum }));
  fine = {
    recovering: false,
    readOnly: false,
    login: { superuser: false, bypassesRowSecurity: false, inherits: false, owner: false },
    beyondReach: [],
    applied: [...applied('catalog', build.catalog), ...applied('shared', build.tenant)],
  };
});

const of = (facts: Partial<ServerFacts>): readonly string[] =>
  problemsOf({ ...fine, ...facts }, build);

describe('a server', () => {
  it('that has all that this build needs is no problem', () => {
    expect(of({})).toEqual([]);
  });

  it.each([
    ['in recovery', { recovering: true }, 'the server is in recovery'],
    ['read-only', { readOnly: true }, 'the server is read-only'],
    [
      'where a role is missing',
      { beyondReach: ['tenantry_reader'] },
      'the login cannot become tenantry_reader',
    ],
  ])('%s is one', (_what, facts, problem) => {
    expect(of(facts)).toEqual([problem]);
  });

  it.each([
    ['superuser', 'the login is a superuser'],
    ['bypassesRowSecurity', 'the login bypasses row security'],
    ['owner', 'the login can become the owner'],
    ['inherits', 'the login inherits the rights of its roles'],
  ])('whose login has too many rights is one: %s', (right, problem) => {
    expect(of({ login: { ...fine.login, [right]: true } })).toEqual([problem]);
  });
});

describe('migrations', () => {
  it.each(['catalog', 'shared'])('that are missing in %s are a problem', (target) => {
    const newest = fine.applied.filter((each) => each.target === target).at(-1)!;

    expect(of({ applied: fine.applied.filter((each) => each !== newest) })).toEqual([
      `${target} lacks migrations: ${newest.name}`,
    ]);
  });

  it('of a newer build are one where they take something away, and none where they add', () => {
    const newer = { target: 'shared', name: '99-newer', checksum: null };

    expect(of({ applied: [...fine.applied, { ...newer, kind: 'expand' }] })).toEqual([]);
    expect(of({ applied: [...fine.applied, { ...newer, kind: 'contract' }] })).toEqual([
      'shared is ahead of what this build can serve: 99-newer',
    ]);
  });
});
