import { clausesOf, statementsIn } from './sql-words.ts';

describe('a text of SQL', () => {
  it.each<readonly [string, readonly (readonly string[])[]]>([
    [
      'DROP Table note; drop table "Note";',
      [
        ['drop', 'table', 'note'],
        ['drop', 'table', '"Note"'],
      ],
    ],
    ['drop -- ; a\n/* ; /* b */ ; */ index i', [['drop', 'index', 'i']]],
    [
      `select ';', e'\\';', $$;$$, $a$ $$;$a$`,
      [['select', `';'`, ',', `e'\\';'`, ',', '$$;$$', ',', '$a$ $$;$a$']],
    ],
    [`select '''', 'a''b;'`, [['select', `''''`, ',', `'a''b;'`]]],
    ['drop index "a;""b" . c', [['drop', 'index', '"a;""b".c']]],
    ['do (a; b); c', [['do', '(', 'a', ';', 'b', ')'], ['c']]],
    ['-- nothing\n ; ;', []],
    [`it's`, [['it', `'`, 's']]],
    ['/* open', []],
  ])('is its statements and their words: %s', (sql, statements) => {
    expect(statementsIn(sql).map(({ words }) => words)).toEqual(statements);
  });

  it('has statements as they were written', () => {
    const texts = statementsIn('-- a\n Drop  Table note -- b\n;\nselect /* c */ 1::int').map(
      ({ text }) => text,
    );

    expect(texts).toEqual(['Drop  Table note', 'select /* c */ 1::int']);
  });

  it('has clauses between commas that are in no parentheses', () => {
    const [statement] = statementsIn(`a int check (a in (1, 2)), b text default ',', c int[1,2]`);

    expect(clausesOf(statement?.words ?? []).map(([name]) => name)).toEqual(['a', 'b', 'c']);
  });
});
