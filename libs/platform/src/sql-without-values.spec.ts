import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { sqlWithoutValues } from './sql-without-values.ts';

describe('the text of a statement', () => {
  it.each([
    [
      `select * from member where id = 7 and name = 'O''Brien'`,
      'select * from member where id = ? and name = ?',
    ],
    [String.raw`select E'it\'s', e'\\', 'plain\' from t1`, 'select ?, ?, ? from t1'],
    ['select $$it is$$, $tag$a $$ b$tag$ from t', 'select ?, ? from t'],
    [`select x'1F', B'01', U&'d\\0061t', N'n'`, 'select ?, ?, ?, ?'],
    ['select 1.5e-10, .5, 0x1F, 1_000, -3', 'select ?, ?, ?, ?, -?'],
    [
      'select "it\'s 1" from "m0" where "m0"."tenant_id" = ?',
      'select "it\'s 1" from "m0" where "m0"."tenant_id" = ?',
    ],
    ['select a1, b_2 from t where c = $1 limit $2', 'select a1, b_2 from t where c = $1 limit $2'],
    ['select 1 -- Ada\n/* her secret */ from t', 'select ? from t'],
    ['select\n  a,\n\tb\nfrom t', 'select a, b from t'],
  ])('%s has no values', (sql, text) => {
    expect(sqlWithoutValues(sql)).toBe(text);
  });

  it('is one for lists and rows of any length', () => {
    expect(sqlWithoutValues('select * from t where id in (1, 2, 3)')).toBe(
      'select * from t where id in (?, …)',
    );
    expect(
      sqlWithoutValues(`insert into t (a, b) values (1, 'x'), (2, null), (default, true)`),
    ).toBe('insert into t (a, b) values (?, …), …');
  });

  it('is cut where it is long, also in the middle of a value', () => {
    expect(sqlWithoutValues(`select ${'a, '.repeat(2_000)} b`)).toHaveLength(2_001);
    expect(sqlWithoutValues(`select '${'secret '.repeat(2_000)}'`)).toBe('select ?…');
    expect(sqlWithoutValues(`select 'secret`)).toBe('select ?');
  });

  it('keeps none in memory that are long, with all of their values', () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let number = 0; number < 200; number += 1) {
      sqlWithoutValues(`insert into t values (${number}, '${'x'.repeat(500_000)}')`);
    }
    collectGarbage();

    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);
  });

  it('has nothing of any text or number that is written into it as a literal', () => {
    const word = fc.string({ unit: 'grapheme' }).map((text) => `ſecret${text}`);
    fc.assert(
      fc.property(word, fc.integer({ min: 100_000 }), word, (text, number, other) => {
        const quoted = text.replaceAll(`'`, `''`);
        const escaped = other.replaceAll('\\', '\\\\').replaceAll(`'`, String.raw`\'`);
        const logged = sqlWithoutValues(
          `select * from t where a = '${quoted}' and b = ${number} and c = E'${escaped}' and d > 0`,
        );

        expect(logged).toBe('select * from t where a = ? and b = ? and c = ? and d > ?');
      }),
    );
  });
});
