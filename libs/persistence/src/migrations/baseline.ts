import type { EntityManager } from '@mikro-orm/postgresql';
import { asFilled, type Found, isCandidate, judge } from './baseline-verdict.ts';
import type { CompiledMigration } from './compiled-migration.ts';
import { findDrift } from './drift.ts';
import { type Prefix, prefixesOf } from './expectation.ts';
import {
  differenceOf,
  mapLines,
  readFingerprints,
  type SchemaDifference,
  type SchemaLines,
} from './fingerprint.ts';
import type { TargetPlan } from './fleet-plan.ts';
import { lookAtBackfills } from './unfilled.ts';

/** What the ledger lacks of what is in a placement. */
export interface Adoption extends Found {
  readonly schema: string;
  /** What is there, and in the ledger, when it was looked at. */
  readonly fingerprint: string | undefined;
  readonly applied: readonly string[];
}

/** A placement that is what no prefix of the migrations makes. */
interface Misfit extends SchemaDifference {
  readonly schema: string;
  /** The prefix that it differs from in the fewest lines, by the newest of its migrations; `null` for none of them. */
  readonly nearest: string | null;
}

/** A placement whose ledger claims what is not there, or was other SQL. */
interface Contradiction {
  readonly schema: string;
  readonly claimed: readonly string[];
}

/** A placement that is newer than a backfill which is not done there: it stays pending, with what comes after it. */
interface Unfilled {
  readonly schema: string;
  readonly backfill: string;
}

/** What is to be recorded where, and where nothing can be. */
export interface BaselinePlan {
  /** How many placements have a ledger that says what is there. */
  readonly unchanged: number;
  readonly adoptions: readonly Adoption[];
  readonly different: readonly Misfit[];
  readonly contradicted: readonly Contradiction[];
  /** What is recorded of these ends before the backfill; it may be nothing. */
  readonly unfilled: readonly Unfilled[];
  /** Placements that a newer build has been at, which this one cannot judge. */
  readonly unknown: readonly string[];
}

/**
 * Compares what is in placements with what each prefix of the migrations makes, which is found out only as far as it is
 * needed.
 * @param transaction the owner's, which is rolled back
 */
export async function planBaseline(
  transaction: EntityManager,
  placements: readonly TargetPlan[],
  known: readonly CompiledMigration[],
): Promise<BaselinePlan> {
  const judged = placements.filter(({ ahead }) => ahead.length === 0);
  const there = await readFingerprints(transaction, namesOf(judged));
  const prefixes = await prefixesFor(judged, there, prefixesOf(transaction, known));
  const adoptions: Adoption[] = [];
  const misfits: string[] = [];
  const contradicted: Contradiction[] = [];
  const unfilled: Unfilled[] = [];
  for (const placement of judged) {
    const { name: schema, applied } = placement;
    const fingerprint = there.get(schema);
    const verdict = judge(placement, fingerprint, prefixes);
    if (verdict.kind === 'adoption') {
      const { filled, left } = await lookAtBackfills(transaction, schema, verdict.found, known);
      const found = asFilled(verdict.found, filled, left);
      adoptions.push({ schema, ...found, fingerprint, applied });
      unfilled.push(...left.slice(0, 1).map((backfill) => ({ schema, backfill })));
    } else if (verdict.kind === 'contradicted') {
      contradicted.push({ schema, claimed: verdict.claimed });
    } else if (verdict.kind === 'different') {
      misfits.push(schema);
    }
  }
  // While contracts wait a placement is at no prefix, and may be what its own migrations make all the same.
  const odd = judged.filter(({ name, changed }) => misfits.includes(name) && changed.length === 0);
  const drifted = new Set(
    (await findDrift(transaction, odd, known)).different.map(({ schema }) => schema),
  );
  const isMisfit = (schema: string): boolean =>
    drifted.has(schema) || !odd.some(({ name }) => name === schema);
  const different = await mapLines(
    transaction,
    misfits.filter(isMisfit),
    (schema, lines): Misfit => ({
      schema,
      ...nearestOf(prefixes, lines),
    }),
  );
  const unchanged = judged.length - adoptions.length - different.length - contradicted.length;
  const unknown = namesOf(placements.filter((placement) => !judged.includes(placement)));
  const recordable = adoptions.filter(({ names }) => names.length > 0);
  return { unchanged, adoptions: recordable, different, contradicted, unfilled, unknown };
}

/** From none of the migrations on, until each placement has been found in one, or there are no more. */
async function prefixesFor(
  placements: readonly TargetPlan[],
  there: ReadonlyMap<string, string>,
  candidates: AsyncIterable<Prefix>,
): Promise<readonly Prefix[]> {
  const prefixes: Prefix[] = [];
  let open = placements;
  if (open.length === 0) {
    return prefixes;
  }
  for await (const prefix of candidates) {
    prefixes.push(prefix);
    open = open.filter((placement) => !isCandidate(prefix, placement, there.get(placement.name)));
    if (open.length === 0) {
      break;
    }
  }
  return prefixes;
}

function nearestOf(
  prefixes: readonly Prefix[],
  lines: SchemaLines,
): Pick<Misfit, 'nearest' | 'missing' | 'unexpected'> {
  const [nearest] = prefixes
    .map((prefix) => ({
      nearest: prefix.names.at(-1) ?? null,
      ...differenceOf(prefix.lines, lines),
    }))
    .toSorted((one, other) => linesIn(one) - linesIn(other));
  return nearest ?? { nearest: null, missing: [], unexpected: lines };
}

const linesIn = ({ missing, unexpected }: SchemaDifference): number =>
  missing.length + unexpected.length;

const namesOf = (placements: readonly TargetPlan[]): readonly string[] =>
  placements.map(({ name }) => name);
