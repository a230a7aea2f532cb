import { defineEntity, p } from '@mikro-orm/core';
import { ROLES } from '../../roles.ts';

/** What has been done in the operator's scope, and why. Operators may add to it and read it, and change nothing. */
export const auditEntryMapping = defineEntity({
  name: 'AuditEntry',
  schema: 'catalog',
  tableName: 'audit',
  rowLevelSecurity: 'force',
  policies: [{ name: 'operator', roles: [ROLES.operator], using: 'true', check: 'true' }],
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    at: p.datetime().defaultRaw('now()'),
    reason: p.text(),
    /** Of the connection that it was done by. */
    login: p.text().defaultRaw('session_user'),
  },
  indexes: [{ name: 'audit_at_idx', properties: 'at' }],
});
