import { ROLES } from '../roles.ts';
import { type Finding, finding } from './finding.ts';
import { OUTBOX } from './grant-facts.ts';
import { OWN_ROWS } from './strict-policy.ts';
import type { PolicyFacts, TableFacts } from './table-facts.ts';

/**
 * What is wrong with a table of tenants.
 * @param known whether it is in a placement that the catalog knows; elsewhere tables may be of another kind
 */
export function checkTable(table: TableFacts, known: boolean): Finding[] {
  const where = nameOf(table);
  if (table.tenantColumn === null) {
    return known ? [finding('tenant-column', where, 'has no tenant_id')] : [];
  }
  if (table.foreign) {
    return [finding('foreign-table', where, 'is a foreign table')];
  }
  return [
    ...checkTenantColumn(table),
    ...checkRowSecurity(table),
    ...checkPolicies(table),
    ...checkKeys(table),
    ...checkForeignKeys(table),
  ];
}

export function nameOf({ schema, name }: Pick<TableFacts, 'schema' | 'name'>): string {
  return `${schema}.${name}`;
}

export function checkRowSecurity(table: TableFacts): Finding[] {
  const where = nameOf(table);
  return [
    ...(table.enabled ? [] : [finding('row-security', where, 'has no row security')]),
    ...(table.forced ? [] : [finding('row-security-forced', where, 'does not bind its owner')]),
  ];
}

function checkTenantColumn(table: TableFacts): Finding[] {
  const { type, notNull } = table.tenantColumn ?? { type: '', notNull: false };
  return type === 'uuid' && notNull
    ? []
    : [
        finding(
          'tenant-column',
          nameOf(table),
          `has a tenant_id of type ${type}, or that may be null`,
        ),
      ];
}

function checkPolicies(table: TableFacts): Finding[] {
  // Restrictive ones can only take away.
  const permissive = table.policies.filter(
    (policy) => policy.permissive && !isForTheRelay(table, policy),
  );
  const [only] = permissive;
  if (only === undefined) {
    return [finding('policy', nameOf(table), 'has no permissive policy')];
  }
  if (permissive.length > 1) {
    const names = permissive.map(({ name }) => name).join(', ');
    return [finding('policy', nameOf(table), `has permissive policies that add up: ${names}`)];
  }
  return isStrict(only)
    ? []
    : [finding('policy', nameOf(table), `has a policy ${only.name} that is not the strict one`)];
}

function isStrict({ command, roles, using, check }: PolicyFacts): boolean {
  return command === '*' && roles.length === 0 && using === OWN_ROWS && check === OWN_ROWS;
}

/** It looks for events of all tenants, of which its grants keep from it what is in them. */
function isForTheRelay({ name }: TableFacts, { command, roles }: PolicyFacts): boolean {
  return name === OUTBOX && command === 'r' && roles.length === 1 && roles[0] === ROLES.relay;
}

function checkKeys(table: TableFacts): Finding[] {
  const where = nameOf(table);
  const primary = table.indexes.find((index) => index.primary);
  return [
    ...(primary?.leadsWithTenant
      ? []
      : [finding('primary-key', where, 'has no primary key that begins with tenant_id')]),
    ...(table.indexes.some(({ leadsWithTenant }) => leadsWithTenant)
      ? []
      : [finding('tenant-index', where, 'has no index that leads with tenant_id')]),
    ...table.indexes
      .filter(({ unique, hasTenant }) => unique && !hasTenant)
      .map(({ name }) =>
        finding('unique-key', where, `has a unique key without tenant_id: ${name}`),
      ),
  ];
}

function checkForeignKeys(table: TableFacts): Finding[] {
  return table.foreignKeys
    .filter(({ pairsTenant, staysInSchema }) => !pairsTenant || !staysInSchema)
    .map(({ name, target }) =>
      finding('foreign-key', nameOf(table), `refers to ${target} beyond the tenant: ${name}`),
    );
}
