import { defineEntity, p, type SchemaTable } from '@mikro-orm/core';
import { Member } from '@tenantry/domain';
import { MikroMemberRepository } from '../../repositories/mikro-member.repository.ts';
import { LowerCase } from '../lower-case.ts';
import { on, tenantOwned, tenantOwnedProperties } from '../tenant-owned.ts';

export const memberMapping = defineEntity({
  ...tenantOwned,
  class: Member,
  tableName: 'member',
  repository: () => MikroMemberRepository,
  properties: {
    ...tenantOwnedProperties,
    email: p.text(),
    name: p.text(),
    /** Empty in rows that an older build, or SQL of one's own, has written since the others were filled in. */
    emailLower: p
      .type(LowerCase)
      .onCreate(({ email }: Member) => email)
      .lazy()
      .hidden()
      .nullable(),
  },
  checks: [{ name: 'member_email_lower_check', expression: '"email_lower" = lower("email")' }],
  indexes: [{ name: 'member_email_lower_idx', properties: on('tenantId', 'emailLower') }],
  uniques: [
    {
      name: 'member_email_key',
      // Without the schema, which differs from placement to placement: the search path says which.
      expression: (_columns: unknown, table: SchemaTable, name: string) =>
        `create unique index "${name}" on "${table.name}" ("tenant_id", lower("email"))`,
    },
  ],
});
