import type { EntityManager } from '@mikro-orm/postgresql';
import type { CompiledMigration } from './compiled-migration.ts';
import { expectationOf } from './expectation.ts';
import {
  differenceOf,
  mapLines,
  readFingerprints,
  type SchemaContents,
  type SchemaDifference,
  type SchemaLines,
} from './fingerprint.ts';
import type { TargetPlan } from './fleet-plan.ts';

/** A placement that is not what its migrations make. */
interface Drift extends SchemaDifference {
  readonly schema: string;
}

export interface DriftReport {
  /** How many placements are what the migrations make that have been applied to them. */
  readonly equal: number;
  readonly different: readonly Drift[];
  /** Placements that a newer build has been at, which this one cannot judge. */
  readonly unknown: readonly string[];
}

/**
 * Compares what is in placements with what the migrations make that have been applied to them. Those are applied in a schema
 * that is never committed; all placements are looked at by one query.
 * @param transaction the owner's, which is rolled back
 */
export async function findDrift(
  transaction: EntityManager,
  placements: readonly TargetPlan[],
  known: readonly CompiledMigration[],
): Promise<DriftReport> {
  const judged = placements.filter(({ ahead }) => ahead.length === 0);
  const fingerprints = await readFingerprints(
    transaction,
    judged.map(({ name }) => name),
  );
  const expectations = new Map<string, SchemaContents>();
  const expectedLines = new Map<string, SchemaLines>();
  for (const { name: schema, applied } of judged) {
    const key = applied.join();
    const steps = known.filter(({ name }) => applied.includes(name));
    const expected = expectations.get(key) ?? (await expectationOf(transaction, steps));
    expectations.set(key, expected);
    if (fingerprints.get(schema) !== expected.fingerprint) {
      expectedLines.set(schema, expected.lines);
    }
  }
  const different = await mapLines(
    transaction,
    [...expectedLines.keys()],
    (schema, lines): Drift => ({ schema, ...differenceOf(expectedLines.get(schema) ?? [], lines) }),
  );
  const unknown = placements.filter((placement) => !judged.includes(placement));
  return {
    equal: judged.length - different.length,
    different,
    unknown: unknown.map(({ name }) => name),
  };
}
