import type { Brand } from '../brand.ts';
import { InvalidValue } from '../domain-error.ts';

/** The short name of a tenant: one DNS label, since it is the first part of the tenant's host name. */
export type Slug = Brand<string, 'Slug'>;

const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function isSlug(value: string): value is Slug {
  return DNS_LABEL.test(value);
}

/** @throws {InvalidValue} unless it is 1 to 63 lower-case letters, digits and inner hyphens (RFC 1123) */
export function slug(value: string): Slug {
  if (!isSlug(value)) {
    throw new InvalidValue('slug', 'must be 1 to 63 lower-case letters, digits and inner hyphens');
  }
  return value;
}
