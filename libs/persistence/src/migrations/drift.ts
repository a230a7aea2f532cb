import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { asTransaction, type CompiledMigration } from './compiled-migration.ts';
import type { TargetPlan } from './fleet-plan.ts';
import { readFingerprints, readLines, type SchemaLines } from './fingerprint.ts';

/** A placement that is not what its migrations make. */
interface Drift {
  readonly schema: string;
  /** What they make and it has not. */
  readonly missing: SchemaLines;
  /** What it has and they do not make. */
  readonly unexpected: SchemaLines;
}

export interface DriftReport {
  /** How many placements are what the migrations make that have been applied to them. */
  readonly equal: number;
  readonly different: readonly Drift[];
  /** Placements that a newer build has been at, which this one cannot judge. */
  readonly unknown: readonly string[];
}

/** What migrations make, wherever they are applied. */
interface Expectation {
  readonly fingerprint: string | undefined;
  readonly lines: SchemaLines;
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
  const expectations = new Map<string, Expectation>();
  const different: Drift[] = [];
  for (const { name: schema, applied } of judged) {
    const key = applied.join();
    const expected = expectations.get(key) ?? (await expectation(transaction, applied, known));
    expectations.set(key, expected);
    if (fingerprints.get(schema) !== expected.fingerprint) {
      const lines = await readLines(transaction, schema);
      different.push({
        schema,
        missing: without(expected.lines, lines),
        unexpected: without(lines, expected.lines),
      });
    }
  }
  const unknown = placements.filter((placement) => !judged.includes(placement));
  return {
    equal: judged.length - different.length,
    different,
    unknown: unknown.map(({ name }) => name),
  };
}

/** Makes a schema by migrations, to see what comes of it. */
async function expectation(
  transaction: EntityManager,
  applied: readonly string[],
  known: readonly CompiledMigration[],
): Promise<Expectation> {
  const schema = `tenantry_expected_${randomBytes(4).toString('hex')}`;
  await transaction.execute(`create schema "${schema}"`);
  await transaction.execute(`set local search_path to "${schema}", pg_temp`);
  for (const step of known.filter(({ name }) => applied.includes(name))) {
    for (const statement of asTransaction(step, step.up)) {
      await transaction.execute(statement);
    }
  }
  const fingerprints = await readFingerprints(transaction, [schema]);
  return {
    fingerprint: fingerprints.get(schema),
    lines: await readLines(transaction, schema),
  };
}

function without(lines: SchemaLines, others: SchemaLines): SchemaLines {
  const there = new Set(others);
  return lines.filter((line) => !there.has(line));
}
