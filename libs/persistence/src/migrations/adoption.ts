import type { EntityManager } from '@mikro-orm/postgresql';
import { tryLock } from './advisory-lock.ts';
import type { Adoption, BaselinePlan } from './baseline.ts';
import type { CompiledMigration } from './compiled-migration.ts';
import { readFingerprints } from './fingerprint.ts';
import type { StopReason } from './run-events.ts';
import { readAppliedNames, recordFound } from './ledger.ts';

/** So many placements are recorded in one transaction: to look at one of them takes the server as long as to look at many. */
const AT_ONCE = 50;

/** What was not recorded, though it could have been: the next run looks at it again. */
interface Missed {
  readonly schema: string;
  /** Someone else had its lock, it is not any more what was looked at, or the run was stopped. */
  readonly reason: 'busy' | 'changed' | 'not-reached';
}

interface Recorded {
  readonly adoptions: readonly Adoption[];
  readonly missed: readonly Missed[];
}

/** What became of a run that recorded what was found. */
export interface BaselineReport extends BaselinePlan, Recorded {
  readonly runId: string;
  readonly stopped: StopReason | null;
}

/** Part by part, until the run is stopped. */
export async function recordAll(
  planned: readonly Adoption[],
  run: { readonly stopped: StopReason | null },
  record: (part: readonly Adoption[]) => Promise<Recorded>,
): Promise<Recorded> {
  const parts: Recorded[] = [];
  for (let done = 0; done < planned.length; done += AT_ONCE) {
    const part = planned.slice(done, done + AT_ONCE);
    parts.push(run.stopped ? notReached(part) : await record(part));
  }
  return {
    adoptions: parts.flatMap(({ adoptions }) => adoptions),
    missed: parts.flatMap(({ missed }) => missed),
  };
}

function notReached(part: readonly Adoption[]): Recorded {
  return {
    adoptions: [],
    missed: part.map(({ schema }) => ({ schema, reason: 'not-reached' })),
  };
}

/**
 * Records what was found, wherever it is so still: with the locks of the placements, what was looked at is looked at again.
 * @param transaction the owner's
 */
export async function recordAdoptions(
  transaction: EntityManager,
  planned: readonly Adoption[],
  known: readonly CompiledMigration[],
  runId: string,
): Promise<Recorded> {
  const free = await lockAll(transaction, planned);
  const adoptions = await asTheyWere(transaction, free);
  await recordFound(transaction, rowsOf(adoptions, known), runId);
  const missed = planned
    .filter((adoption) => !adoptions.includes(adoption))
    .map((adoption): Missed => ({
      schema: adoption.schema,
      reason: free.includes(adoption) ? 'changed' : 'busy',
    }));
  return { adoptions, missed };
}

/** Takes the locks of those that nobody is busy with. */
async function lockAll(
  transaction: EntityManager,
  planned: readonly Adoption[],
): Promise<readonly Adoption[]> {
  const free: Adoption[] = [];
  for (const adoption of planned) {
    if (await tryLock(transaction, `placement ${adoption.schema}`)) {
      free.push(adoption);
    }
  }
  return free;
}

async function asTheyWere(
  transaction: EntityManager,
  locked: readonly Adoption[],
): Promise<readonly Adoption[]> {
  const schemas = locked.map(({ schema }) => schema);
  const fingerprints = await readFingerprints(transaction, schemas);
  const ledger = await readAppliedNames(transaction, schemas);
  return locked.filter(
    ({ schema, fingerprint, applied }) =>
      fingerprints.get(schema) === fingerprint &&
      (ledger.get(schema) ?? []).join() === applied.join(),
  );
}

function rowsOf(
  adoptions: readonly Adoption[],
  known: readonly CompiledMigration[],
): Parameters<typeof recordFound>[1] {
  return adoptions.flatMap(({ schema: target, names }) =>
    known
      .filter(({ name }) => names.includes(name))
      .map(({ name, kind, checksum }) => ({ target, name, kind, checksum })),
  );
}
