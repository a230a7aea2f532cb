import { ROLES } from '../roles.ts';
import { type Finding, finding } from './finding.ts';
import type { MembershipFacts, RoleFacts } from './role-facts.ts';

/** Statistics only, which an operator is given for the report on health. */
const STATISTICS = 'pg_read_all_stats';

export function checkRoles(facts: RoleFacts, login: string): Finding[] {
  return [
    ...facts.attributes.map(({ role, attribute }) =>
      finding('role-attribute', role, `is ${attribute}`),
    ),
    ...facts.owners.map((role) => finding('role-owner', role, 'owns something in this database')),
    ...facts.memberships.flatMap((membership) => checkMembership(membership, login)),
    ...facts.presets.map(({ of, setting }) => finding('preset-scope', of, `presets ${setting}`)),
  ];
}

function checkMembership({ member, role, inherits }: MembershipFacts, login: string): Finding[] {
  if (member === login && inherits) {
    return [
      finding('role-membership', member, `has the rights of ${role} without entering a scope`),
    ];
  }
  const expected =
    member === login
      ? role.startsWith('tenantry_') && role !== ROLES.owner
      : member === ROLES.operator && role === STATISTICS;
  if (expected) {
    return [];
  }
  // A role of the installation's own is harmless as long as it has no rights here, which the grants say.
  const ofAnotherKind = !role.startsWith('tenantry_') && !role.startsWith('pg_');
  return [
    finding('role-membership', member, `can become ${role}`, ofAnotherKind ? 'warning' : 'leak'),
  ];
}
