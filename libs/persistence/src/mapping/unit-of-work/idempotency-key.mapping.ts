import { defineEntity, p } from '@mikro-orm/core';
import { on, tenantOwned, tenantOwnedKey } from '../tenant-owned.ts';

/**
 * What was answered to requests that may be sent again. It is the marker of the transaction that answered, so all but the
 * key may be missing: in the fence of one that never was.
 */
export const idempotencyKeyMapping = defineEntity({
  ...tenantOwned,
  name: 'IdempotencyKey',
  tableName: 'idempotency_key',
  properties: {
    ...tenantOwnedKey,
    key: p.text().nullable(),
    /** Of what was asked for: the same key for something else is refused. */
    fingerprint: p.text().nullable(),
    /** As text, not `jsonb`: it is given again to the letter. */
    answer: p.text().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
  },
  uniques: [{ name: 'idempotency_key_key_key', properties: on('tenantId', 'key') }],
});
