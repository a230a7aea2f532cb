import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { asTransaction, type CompiledMigration } from './compiled-migration.ts';
import { readSchema, type SchemaContents } from './fingerprint.ts';

/** What the first so many migrations of a list make, wherever they are applied. */
export interface Prefix extends SchemaContents {
  readonly names: readonly string[];
  /** Those of them that change nothing that a fingerprint has, such as one that changes rows. */
  readonly traceless: readonly string[];
}

/**
 * What migrations make, seen in a schema that is never committed.
 * @param transaction the owner's, which is rolled back
 */
export async function expectationOf(
  transaction: EntityManager,
  steps: readonly CompiledMigration[],
): Promise<SchemaContents> {
  const schema = await makeSchema(transaction);
  for (const step of steps) {
    await apply(transaction, step);
  }
  return readSchema(transaction, schema);
}

/**
 * What each prefix of the migrations makes, from none to all of them: one after the other in one schema, as far as it is asked.
 * @param transaction the owner's, which is rolled back
 */
export async function* prefixesOf(
  transaction: EntityManager,
  known: readonly CompiledMigration[],
): AsyncGenerator<Prefix> {
  const schema = await makeSchema(transaction);
  let prefix: Prefix = { names: [], traceless: [], ...(await readSchema(transaction, schema)) };
  yield prefix;
  for (const step of known) {
    await apply(transaction, step);
    prefix = followedBy(prefix, step, await readSchema(transaction, schema));
    yield prefix;
  }
}

function followedBy(
  { names, traceless, fingerprint }: Prefix,
  { name }: CompiledMigration,
  contents: SchemaContents,
): Prefix {
  const leavesTrace = contents.fingerprint !== fingerprint;
  return {
    ...contents,
    names: [...names, name],
    traceless: leavesTrace ? traceless : [...traceless, name],
  };
}

/** Makes a schema, where statements go from then on. */
async function makeSchema(transaction: EntityManager): Promise<string> {
  const schema = `tenantry_expected_${randomBytes(4).toString('hex')}`;
  await transaction.execute(`create schema "${schema}"`);
  await transaction.execute(`set local search_path to "${schema}", pg_temp`);
  return schema;
}

async function apply(transaction: EntityManager, step: CompiledMigration): Promise<void> {
  for (const statement of asTransaction(step, step.up)) {
    await transaction.execute(statement);
  }
}
