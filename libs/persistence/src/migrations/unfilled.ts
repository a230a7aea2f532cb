import { DriverException, type EntityManager } from '@mikro-orm/postgresql';
import type { BackfillSettings } from './backfill.ts';
import type { Found } from './baseline-verdict.ts';
import type { CompiledMigration } from './compiled-migration.ts';

/** What backfills have done in a placement, as far as it can be seen. */
interface Filling {
  /** Those that find no row any more. */
  readonly filled: readonly string[];
  /** Those that find rows, or could not look. */
  readonly left: readonly string[];
}

/** How long a table is waited for that somebody has locked. */
const PATIENCE_MS = 1_500;

/** Columns and tables that are gone since. */
const GONE = new Set(['42703', '42P01']);

/**
 * Looks whether those backfills that would be recorded have come to their end. One of which the columns are gone is in neither
 * list: nobody can know any more.
 * @param transaction the owner's, which sees the rows of all tenants
 */
export async function lookAtBackfills(
  transaction: EntityManager,
  schema: string,
  { names }: Pick<Found, 'names'>,
  known: readonly CompiledMigration[],
): Promise<Filling> {
  const found = { filled: [] as string[], left: [] as string[], gone: [] as string[] };
  for (const { name, backfill } of known) {
    if (backfill && names.includes(name)) {
      found[await stateOf(transaction, schema, backfill)].push(name);
    }
  }
  return found;
}

async function stateOf(
  transaction: EntityManager,
  schema: string,
  { table, where }: BackfillSettings,
): Promise<'filled' | 'left' | 'gone'> {
  await transaction.execute('savepoint looking');
  try {
    await transaction.execute(
      `set local search_path to "${schema}", pg_temp; set local lock_timeout to ${PATIENCE_MS}`,
    );
    const rows = await transaction.execute<object[]>(
      `select from "${table}" where (${where}\n) limit 1`,
    );
    return rows.length === 0 ? 'filled' : 'left';
  } catch (error) {
    return error instanceof DriverException && GONE.has(error.code ?? '') ? 'gone' : 'left';
  } finally {
    // The locks of so many tables would be too many for one transaction.
    await transaction.execute('rollback to savepoint looking; release savepoint looking');
  }
}
