import type { Brand } from '../brand.ts';
import { InvalidValue } from '../domain-error.ts';

/** A host name that a tenant brings along, such as `projects.acme.example`. */
export type DomainName = Brand<string, 'DomainName'>;

const LABELS = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function isDomainName(value: string): value is DomainName {
  return value.length <= 253 && LABELS.test(value);
}

/** @throws {InvalidValue} unless it is a lower-case host name of two or more labels (RFC 1123) */
export function domainName(value: string): DomainName {
  if (!isDomainName(value)) {
    throw new InvalidValue('domain', 'must be a lower-case host name of two or more labels');
  }
  return value;
}
