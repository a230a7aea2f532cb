import { asFilled, judge } from './baseline-verdict.ts';
import type { Prefix } from './expectation.ts';

/** What is there after so many migrations, a letter for each. */
function prefixesOf(...fingerprints: (string | undefined)[]): readonly Prefix[] {
  return fingerprints.map((fingerprint, count) => {
    const names = fingerprints.slice(1, count + 1).map((_, index) => String(index + 1));
    const traceless = names.filter((_, index) => fingerprints[index] === fingerprints[index + 1]);
    return { names, traceless, fingerprint, lines: [] };
  });
}

const adding = prefixesOf(undefined, 'a', 'b', 'c');
/** The second and the third change rows only. */
const withRows = prefixesOf(undefined, 'a', 'a', 'a', 'b');
/** The third takes back what the second does. */
const thereAndBack = prefixesOf(undefined, 'a', 'b', 'a');

describe('what the ledger of a placement lacks', () => {
  it.each([
    ['all of a prefix', adding, [], 'b', ['1', '2'], []],
    ['the first', adding, ['2'], 'b', ['1'], []],
    ['what is between', withRows, ['1', '4'], 'b', [], []],
    ['rows before what is there', withRows, [], 'b', ['1', '2', '3', '4'], ['2', '3']],
    ['rows after what is there', withRows, [], 'a', ['1'], []],
    ['rows of which some are recorded', withRows, ['1', '3'], 'a', [], []],
    ['the shortest of two', thereAndBack, [], 'a', ['1'], []],
    ['the way back', thereAndBack, ['1', '2'], 'a', ['3'], []],
    ['nothing where nothing is', adding, [], undefined, [], []],
  ])('is %s', (_what, prefixes, applied, fingerprint, names, traceless) => {
    const verdict = judge({ applied, changed: [] }, fingerprint, prefixes);

    expect(verdict).toEqual(
      names.length === 0
        ? { kind: 'unchanged' }
        : { kind: 'adoption', found: { names, traceless } },
    );
  });

  it('is not known where no prefix is equal', () => {
    expect(judge({ applied: [], changed: [] }, 'x', adding)).toEqual({ kind: 'different' });
  });

  it.each([
    ['more than is there', ['1', '2'], [], ['2']],
    ['what this build does not have', ['0', '1'], [], ['0']],
    ['other SQL', ['1'], ['1'], ['1']],
  ])('is not looked for where it claims %s', (_what, applied, changed, claimed) => {
    expect(judge({ applied, changed }, 'a', adding)).toEqual({ kind: 'contradicted', claimed });
  });
});

describe('what is recorded where backfills are among it', () => {
  const found = { names: ['1', '2', '3', '4', '5'], traceless: ['2', '3', '4'] };

  it.each([
    ['all of it where they have filled all in', ['3'], [], ['1', '2', '3', '4', '5'], ['2', '4']],
    ['nothing from the first on that has not', ['2'], ['3', '4'], ['1'], []],
    ['nothing before it either that has left no trace', [], ['4'], ['1'], []],
    ['nothing where the first has not', [], ['1'], [], []],
  ])('is %s', (_what, filled, unfilled, names, traceless) => {
    expect(asFilled(found, filled, unfilled)).toEqual({ names, traceless });
  });
});
