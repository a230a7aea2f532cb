import { ROLES } from '../roles.ts';
import { type Finding, finding } from './finding.ts';
import { OWN_CATALOG_ROWS } from './strict-policy.ts';
import { checkRowSecurity, nameOf } from './table-checks.ts';
import type { PolicyFacts, TableFacts } from './table-facts.ts';

/** Tables of the catalog that tenants' roles may read. */
const OF_TENANTS = ['tenant', 'placement', 'seed'];

/** What is wrong with a table of the catalog: policies that are neither for operators nor for the program itself show no more than the tenant's own. */
export function checkCatalogTable(table: TableFacts): Finding[] {
  const where = nameOf(table);
  const off = OF_TENANTS.includes(table.name) ? checkRowSecurity(table) : [];
  return [
    ...off.map(({ problem }) => finding('catalog-row-security', where, problem)),
    ...table.policies
      .filter((policy) => policy.permissive && !isForTheInstallation(policy) && !isOwnRows(policy))
      .map(({ name, using, check }) =>
        finding(
          'catalog-row-security',
          where,
          `has a policy ${name} that shows more than a tenant's own: ${using ?? check ?? ''}`,
        ),
      ),
  ];
}

function isForTheInstallation({ roles }: PolicyFacts): boolean {
  const known: readonly string[] = [ROLES.operator, ROLES.reader];
  return roles.length > 0 && roles.every((role) => known.includes(role));
}

function isOwnRows({ using, check }: PolicyFacts): boolean {
  return [using, check].every((shown) => shown === null || OWN_CATALOG_ROWS.includes(shown));
}
