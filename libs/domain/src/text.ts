import { InvalidValue } from './domain-error.ts';

// PostgreSQL stores neither NUL nor half a surrogate pair; the other control characters only hide things.
const UNPRINTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** Whether every character of it can be stored and shown: no control character but tab and line breaks. */
export function isPrintable(value: string): boolean {
  return value.isWellFormed() && !UNPRINTABLE.test(value);
}

/**
 * A text that a person wrote, without the space around it.
 * @throws {InvalidValue} when it is empty, longer than `max` characters, or has control characters
 */
export function text(what: string, value: string, max: number): string {
  const trimmed = value.trim();
  if (trimmed.length === 0 || trimmed.length > max || !isPrintable(trimmed)) {
    throw new InvalidValue(what, `must be 1 to ${max} printable characters`);
  }
  return trimmed;
}
