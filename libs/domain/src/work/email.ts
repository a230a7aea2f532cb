import type { Brand } from '../brand.ts';
import { InvalidValue } from '../domain-error.ts';
import { isPrintable } from '../text.ts';

/** An e-mail address as its owner writes it. Two that differ only in case are the same address. */
export type Email = Brand<string, 'Email'>;

const SHAPE = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** @throws {InvalidValue} unless it looks like an address of at most 254 characters (RFC 5321) */
export function email(value: string): Email {
  const address = value.trim();
  if (address.length > 254 || !SHAPE.test(address) || !isPrintable(address)) {
    throw new InvalidValue('email', 'must be an address such as ada@example.com');
  }
  return address as Email;
}
