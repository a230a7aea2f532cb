import { SHARED_SCHEMA } from '@tenantry/domain';
import {
  type AppliedMigration,
  CATALOG,
  type CompiledLists,
  isInRange,
  planFleet,
  type TargetPlan,
} from '@tenantry/persistence';
import type { ServerFacts } from './server-facts.ts';

/** Why this build cannot serve from a server, in words; a pure function. */
export function problemsOf(facts: ServerFacts, build: CompiledLists): readonly string[] {
  const { recovering, readOnly, login, beyondReach } = facts;
  return [
    ...(recovering ? ['the server is in recovery'] : []),
    ...(readOnly ? ['the server is read-only'] : []),
    ...(login.superuser ? ['the login is a superuser'] : []),
    ...(login.bypassesRowSecurity ? ['the login bypasses row security'] : []),
    ...(login.owner ? ['the login can become the owner'] : []),
    ...(login.inherits ? ['the login inherits the rights of its roles'] : []),
    ...(beyondReach.length > 0 ? [`the login cannot become ${beyondReach.join(', ')}`] : []),
    ...targetsOf(facts, build).flatMap(problemOf),
  ];
}

function targetsOf({ applied }: ServerFacts, build: CompiledLists): readonly TargetPlan[] {
  const to = (target: string): readonly AppliedMigration[] =>
    applied.filter((each) => each.target === target);
  const shared = { schema: SHARED_SCHEMA, slugs: [], applied: to(SHARED_SCHEMA), failure: null };
  return planFleet({ catalog: to(CATALOG.name), placements: [shared], builds: [] }, build);
}

function problemOf(target: TargetPlan): readonly string[] {
  const { name, pending, contracted } = target;
  if (isInRange(target)) {
    return [];
  }
  return contracted.length > 0
    ? [`${name} is ahead of what this build can serve: ${contracted.join(', ')}`]
    : [`${name} lacks migrations: ${pending.join(', ')}`];
}
