import { describeRules, rulesBrokenBy } from '../testing/planted.ts';

const READS_TASKS = 'begin atomic select count(*) from task; end';

describeRules([
  [
    'security-definer',
    {
      'a function': [`create function f() returns bigint security definer ${READS_TASKS}`],
      'one that is made again': [
        `create or replace function f() returns bigint security definer ${READS_TASKS}`,
      ],
      'one whose code is in a string': [
        `create function f() returns trigger language plpgsql security definer as 'begin return new; end'`,
      ],
      'a procedure': [`create procedure p() security definer ${READS_TASKS}`],
      'a function from now on': ['alter function f() security definer'],
      'one of several changes': ['alter routine f stable external security definer'],
    },
    [
      `create function f() returns bigint ${READS_TASKS}`,
      `create procedure p() security invoker ${READS_TASKS}`,
      'alter function f() security invoker',
      'alter function f() stable',
    ],
  ],
  [
    'rule',
    {
      'a rule beside': ['create rule r as on insert to task do also notify spy'],
      'a rule instead': ['create or replace rule r as on delete to task do instead nothing'],
    },
    ['drop rule r on task', 'create view v with (security_invoker) as select * from task'],
  ],
]);

describe('a migration of the catalog', () => {
  it.each([
    ['security-definer', 'create function catalog.f() returns int security definer return 1'],
    ['rule', 'create rule r as on insert to catalog.tenant do also notify spy'],
  ])('breaks %s too', async (rule, sql) => {
    expect(await rulesBrokenBy('catalog', [sql])).toContain(rule);
  });
});
