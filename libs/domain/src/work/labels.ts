import { InvalidValue } from '../domain-error.ts';

const MOST = 20;
const LABEL = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} _.:/-]{0,39}$/u;

/**
 * Labels without repetition, in lower case, so that `Bug` and `bug` are one.
 * @throws {InvalidValue} for more than 20, or one that is not 1 to 40 letters, digits, spaces and `_.:/-`
 */
export function labels(values: readonly string[]): readonly string[] {
  const distinct = [...new Set(values.map((value) => value.trim().toLowerCase()))];
  if (distinct.length > MOST) {
    throw new InvalidValue('labels', `must be no more than ${MOST}`);
  }
  if (!distinct.every((label) => LABEL.test(label))) {
    throw new InvalidValue('labels', 'must each be 1 to 40 letters, digits, spaces and _ . : / -');
  }
  return distinct;
}
