import { defineEntity, p, type SchemaTable } from '@mikro-orm/core';
import { Member } from '@tenantry/domain';
import { MikroMemberRepository } from '../../repositories/mikro-member.repository.ts';
import { tenantOwned, tenantOwnedProperties } from '../tenant-owned.ts';

export const memberMapping = defineEntity({
  ...tenantOwned,
  class: Member,
  tableName: 'member',
  repository: () => MikroMemberRepository,
  properties: {
    ...tenantOwnedProperties,
    email: p.text(),
    name: p.text(),
  },
  uniques: [
    {
      name: 'member_email_key',
      // Without the schema, which differs from placement to placement: the search path says which.
      expression: (_columns: unknown, table: SchemaTable, name: string) =>
        `create unique index "${name}" on "${table.name}" ("tenant_id", lower("email"))`,
    },
  ],
});
