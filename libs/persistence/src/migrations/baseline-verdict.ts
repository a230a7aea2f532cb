import type { Prefix } from './expectation.ts';
import type { TargetPlan } from './fleet-plan.ts';

/** What has been found in a placement, and its ledger lacks. */
export interface Found {
  /** To be recorded as applied. */
  readonly names: readonly string[];
  /** Those of them that change no structure, and cannot be looked at: they are taken to have been applied since what comes after was. */
  readonly traceless: readonly string[];
}

export type Verdict =
  | { readonly kind: 'unchanged' | 'different' }
  | { readonly kind: 'contradicted'; readonly claimed: readonly string[] }
  | { readonly kind: 'adoption'; readonly found: Found };

type Ledger = Pick<TargetPlan, 'applied' | 'changed'>;

/**
 * What the ledger of a placement lacks, by what is in it. A pure function.
 *
 * It is the shortest prefix that is equal and has all that the ledger has. A longer one would be equal too when what it adds
 * changes rows only: to record that would be trust, and left out it is applied by `migrate`. For the same reason nothing
 * is recorded after the last that has left a trace.
 */
export function judge(
  ledger: Ledger,
  fingerprint: string | undefined,
  prefixes: readonly Prefix[],
): Verdict {
  const longest = prefixes.findLast((prefix) => prefix.fingerprint === fingerprint);
  if (!longest) {
    return { kind: 'different' };
  }
  const { applied, changed } = ledger;
  const prefix = prefixes.find((candidate) => isCandidate(candidate, ledger, fingerprint));
  if (!prefix || changed.length > 0) {
    const unfounded = applied.filter((name) => !longest.names.includes(name));
    return { kind: 'contradicted', claimed: [...unfounded, ...changed] };
  }
  const found = foundIn(prefix, applied);
  return found.names.length === 0 ? { kind: 'unchanged' } : { kind: 'adoption', found };
}

/** Whether a placement may be at this prefix: it is equal, and has all that the ledger has. A pure function. */
export function isCandidate(
  prefix: Prefix,
  { applied }: Pick<Ledger, 'applied'>,
  fingerprint: string | undefined,
): boolean {
  return prefix.fingerprint === fingerprint && applied.every((name) => prefix.names.includes(name));
}

function foundIn({ names, traceless }: Prefix, applied: readonly string[]): Found {
  const missing = names.filter((name) => !applied.includes(name));
  return upToTheLastTrace(missing, traceless);
}

/**
 * What is to be recorded when backfills have been looked at. A pure function. From the first on that has rows left nothing is,
 * although what comes after it is there: a ledger with a gap would keep the whole fleet from being migrated.
 */
export function asFilled(
  { names, traceless }: Found,
  filled: readonly string[],
  unfilled: readonly string[],
): Found {
  const first = names.findIndex((name) => unfilled.includes(name));
  const recorded = first === -1 ? names : upToTheLastTrace(names.slice(0, first), traceless).names;
  return {
    names: recorded,
    traceless: traceless.filter((name) => recorded.includes(name) && !filled.includes(name)),
  };
}

function upToTheLastTrace(names: readonly string[], traceless: readonly string[]): Found {
  const isTraceless = (name: string): boolean => traceless.includes(name);
  const found = names.slice(0, names.findLastIndex((name) => !isTraceless(name)) + 1);
  return { names: found, traceless: found.filter(isTraceless) };
}
