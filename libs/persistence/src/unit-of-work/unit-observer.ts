import { inSpan, isTraced, unitMetrics, type UnitOutcome } from '@tenantry/platform';
import { scopes } from '../tenant-context/scope.ts';
import type { Unit } from './unit.ts';

/** Counts a unit of work, however often it is tried, and shows it as a span where it is a part of a trace. */
export async function observedUnit<Result>(
  unit: () => Unit | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    // What looks around now and then, on nobody's behalf, would be a trace each time.
    return isTraced() ? await inSpan('unit of work', attributesOfScope(), work) : await work();
  } finally {
    unitMetrics.ended(outcomeOf(unit()));
  }
}

/** Counts one attempt at it, and times it. */
export async function observedAttempt<Result>(
  unit: Unit,
  attempt: () => Promise<Result>,
): Promise<Result> {
  const begun = performance.now();
  try {
    return await attempt();
  } finally {
    unitMetrics.attempted(outcomeOf(unit), (performance.now() - begun) / 1_000);
  }
}

function outcomeOf(unit: Unit | undefined): UnitOutcome {
  if (unit?.isUnknown) {
    return 'unknown';
  }
  return unit?.transaction.stage === 'committed' ? 'committed' : 'rolled_back';
}

function attributesOfScope(): Record<string, string> {
  const scope = scopes.getStore();
  return scope?.kind === 'tenant' ? { 'tenantry.tenant': scope.tenant.slug } : {};
}
