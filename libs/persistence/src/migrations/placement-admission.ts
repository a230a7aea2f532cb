import pg from 'pg';
import { placementLockKey } from './advisory-lock.ts';
import { MOVED } from './ledger.ts';
import { BUSY, type TargetWork } from './migration-script.ts';

const { escapeLiteral } = pg;

/** A placement, as a session has found it that may now work on it. */
export interface Admission {
  /** Whether the ledger says of an attempt before that it has failed. */
  readonly hasFailed: boolean;
}

/**
 * Tries to take the locks of placements, and then looks where they are: by another statement, since the first sees the ledger as it
 * was before the locks were taken. They are the session's: they outlast its transactions, and end with it.
 * @returns how a placement was found; it throws where that cannot be worked on
 */
export async function admit(
  client: pg.ClientBase,
  works: readonly TargetWork[],
): Promise<(work: TargetWork) => Admission> {
  const targets = listOf(works.map(({ name }) => name));
  // Whoever takes a placement away takes its rows in the ledger, too: of one that has none it is asked for itself.
  const newOnes = works
    .filter(({ applied, isListed }) => isListed && applied.length === 0)
    .map(({ name }) => name);
  const results = (await client.query(
    `select target from unnest(array[${targets}]) target where not pg_try_advisory_lock(${placementLockKey('target')});
     select target from (values ${alike(works)}) as planned (targets, applied), unnest(targets) target
     where applied <> array(select name from catalog.migration m where m.target = target.target order by name collate "C");
     select target from unnest(array[${listOf(newOnes)}]::text[]) target
     where not exists (select from catalog.placement where schema_name = target);
     select target from catalog.migration_failure where target in (${targets})`,
  )) as unknown as readonly pg.QueryResult<{ target: string }>[];
  const [busy, moved, gone, failed] = results.map(
    ({ rows }) => new Set(rows.map(({ target }) => target)),
  );
  return ({ name }) => {
    if (busy?.has(name)) {
      throw Object.assign(new Error('Someone else is busy with it.'), { code: BUSY });
    }
    if (moved?.has(name) || gone?.has(name)) {
      throw Object.assign(new Error('The target is not where it was.'), { code: MOVED });
    }
    return { hasFailed: failed?.has(name) === true };
  };
}

/** Those together that share what has been applied: each pair is an array of targets, and one of migrations. */
function alike(works: readonly TargetWork[]): string {
  return [...Map.groupBy(works, ({ applied }) => applied)]
    .map(([applied, group]) => {
      const targets = listOf(group.map(({ name }) => name));
      return `(array[${targets}], array[${listOf(applied)}]::text[])`;
    })
    .join(', ');
}

function listOf(values: readonly string[]): string {
  return values.map(escapeLiteral).join(', ');
}

/** Gives back all that a session has taken. */
export async function release(client: pg.ClientBase): Promise<void> {
  await client.query('select pg_advisory_unlock_all()');
}
