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

interface Lock {
  readonly target: string;
  readonly isFree: boolean;
}

interface Found extends Admission {
  readonly target: string;
  readonly isAsPlanned: boolean;
}

/**
 * Tries to take the locks of placements, and then looks where they are: by a second statement, since the first would see the ledger
 * as it was before the locks were taken. They are the session's: they outlast its transactions, and end with it.
 * @returns how a placement was found; it throws where that cannot be worked on
 */
export async function admit(
  client: pg.ClientBase,
  works: readonly TargetWork[],
): Promise<(work: TargetWork) => Admission> {
  const planned = escapeLiteral(
    JSON.stringify(works.map(({ name, applied }) => ({ target: name, applied }))),
  );
  const [locks, found] = (await client.query(
    `select target, pg_try_advisory_lock(${placementLockKey('target')}) as "isFree"
     from jsonb_to_recordset(${planned}) as planned (target text);
     select target, applied = array(select name from catalog.migration m where m.target = planned.target order by name collate "C") as "isAsPlanned",
       exists (select from catalog.migration_failure f where f.target = planned.target) as "hasFailed"
     from jsonb_to_recordset(${planned}) as planned (target text, applied text[])`,
  )) as unknown as [pg.QueryResult<Lock>, pg.QueryResult<Found>];
  const free = new Set(locks.rows.filter(({ isFree }) => isFree).map(({ target }) => target));
  const states = new Map(found.rows.map((state) => [state.target, state]));
  return ({ name }) => {
    if (!free.has(name)) {
      throw Object.assign(new Error('Someone else is busy with it.'), { code: BUSY });
    }
    const state = states.get(name);
    if (!state?.isAsPlanned) {
      throw Object.assign(new Error('The target is not where it was.'), { code: MOVED });
    }
    return state;
  };
}

/** Gives back all that a session has taken. */
export async function release(client: pg.ClientBase): Promise<void> {
  await client.query('select pg_advisory_unlock_all()');
}
