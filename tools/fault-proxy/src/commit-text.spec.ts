import { endsWithCommit } from './commit-text.ts';

describe('a text that ends with COMMIT', () => {
  it.each([
    'commit',
    'COMMIT;',
    '  Commit  ;\n ',
    'commit work',
    'commit transaction;',
    'insert into note values (1); commit',
    'begin;\ninsert into note values (1);commit;',
    `insert into note values ('it''s; -- 5 o''clock'); commit`,
    `insert into note values (E'a\\'b'); commit`,
    'insert into note values ($$a;b$$);commit',
    'commit /* traceparent=00-1 */',
    'commit -- the end',
    '-- first\ncommit',
    '/* first */commit',
  ])('is one: %s', (sql) => {
    expect(endsWithCommit(sql)).toBe(true);
  });

  it.each([
    '',
    'select 1',
    'commit; select 1',
    'commit and chain',
    `commit prepared 'x'`,
    'rollback',
    'select recommit',
    'select 1 as commit',
    `select '; commit'`,
    `select E'\\'; commit'`,
    'select 1 as "; commit"',
    'select $$; commit$$',
    'select $a$ $$ ; commit$a$',
    'select 1 -- ; commit',
    'select 1 /* ; commit */',
  ])('is none: %s', (sql) => {
    expect(endsWithCommit(sql)).toBe(false);
  });
});
