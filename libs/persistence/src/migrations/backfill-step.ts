import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { roleOfPlacement, ROLES } from '../roles.ts';
import type { BackfillSettings } from './backfill.ts';
import type { CompiledMigration } from './compiled-migration.ts';
import { forgetFailure } from './ledger.ts';
import {
  mustBeFreeAndAsPlanned,
  record,
  type ScriptOptions,
  settings,
  type TargetWork,
  verification,
} from './migration-script.ts';

const { escapeIdentifier, escapeLiteral } = pg;

/** How a backfill goes. */
export interface BackfillOptions extends ScriptOptions {
  /** Is told how many rows have been changed up to now. */
  readonly onProgress: (changed: number) => void;
  /** Ends it after the batch that is under way. */
  readonly stopping: AbortSignal;
}

/** A backfill that does not do what it says. */
const ENDLESS = 'TN004';

/** How often rows are looked for that were written behind it. */
const MOST_PASSES = 10;

function endless(message: string): Error {
  return Object.assign(new Error(message), { code: ENDLESS });
}

/** Up to which row it has come; `null` at the beginning of a pass. */
interface Position {
  readonly tenantId: string;
  readonly rowId: string;
}

/** Rows of one tenant that come next: those behind `after`, up to this one. */
interface Batch extends Position {
  readonly after: string;
}

/**
 * Changes rows batch by batch, until a whole pass finds none that is to be changed. It can be interrupted anywhere and goes
 * on where it was.
 * @param client has the session to itself, and is not used for anything else afterwards
 * @returns whether it came to its end
 */
export async function performBackfill(
  client: pg.ClientBase,
  work: TargetWork,
  step: CompiledMigration & { readonly backfill: BackfillSettings },
  options: BackfillOptions,
): Promise<boolean> {
  await client.query(mayBecome(work));
  await client.query(settings(work, options, 'session'));
  await client.query(mustBeFreeAndAsPlanned(work, 'session'));
  await client.query(`select set_config('tenantry.step_began', clock_timestamp()::text, false)`);
  const { backfill } = step;
  let position = await readPosition(client, work, step);
  let passes = 0;
  for (;;) {
    const batch = await nextBatch(client, backfill, position);
    if (batch === null && position === null) {
      await complete(client, work, step, options);
      return true;
    }
    if (batch === null && ++passes === MOST_PASSES) {
      throw endless(
        `After ${MOST_PASSES} passes there are rows still that its condition is true of: what it sets does not last, or somebody keeps writing such rows.`,
      );
    }
    if (batch !== null) {
      options.onProgress(await change(client, work, step, batch));
      await sleep(backfill.pauseMs, undefined, { signal: options.stopping }).catch(() => undefined);
    }
    // What was written behind it is found by another pass.
    position = batch;
    if (options.stopping.aborted) {
      return false;
    }
  }
}

/** SQL that lets whoever has connected be the role of the placement: who has made a role may give it, but is not a member. */
function mayBecome({ name }: TargetWork): string {
  return `do $become$ begin
    if not (select rolsuper from pg_roles where rolname = session_user) then
      grant ${escapeIdentifier(roleOfPlacement(name))} to session_user;
    end if;
  end $become$`;
}

async function readPosition(
  client: pg.ClientBase,
  { name: target }: TargetWork,
  { name }: CompiledMigration,
): Promise<Position | null> {
  const { rows } = await client.query<Position>(
    `select tenant_id as "tenantId", row_id as "rowId" from catalog.backfill_progress where target = $1 and name = $2`,
    [target, name],
  );
  return rows[0] ?? null;
}

/** So many rows as belong into a batch, or as there are of a tenant. */
async function nextBatch(
  client: pg.ClientBase,
  { table, where, batchSize }: BackfillSettings,
  position: Position | null,
): Promise<Batch | null> {
  const { rows } = await client.query<Batch>(
    `with upcoming as materialized (
       select tenant_id, id from ${escapeIdentifier(table)}
       where ($1::uuid is null or (tenant_id, id) > ($1, $2::uuid)) and (${where}
)
       order by tenant_id, id limit ${batchSize})
     select tenant_id as "tenantId", max(id::text collate "C") as "rowId" from upcoming group by tenant_id order by tenant_id limit 1`,
    [position?.tenantId ?? null, position?.rowId ?? null],
  );
  const [next] = rows;
  const isSameTenant = next?.tenantId === position?.tenantId;
  return next ? { ...next, after: isSameTenant ? (position?.rowId ?? NIL) : NIL } : null;
}

const NIL = '00000000-0000-0000-0000-000000000000';

/**
 * Changes the rows of a batch and says so in one transaction. It is done by the placement's role, so that row security holds for
 * whatever else the statement reads.
 * @returns how many rows have been changed up to now
 */
async function change(
  client: pg.ClientBase,
  { name: target }: TargetWork,
  { name, backfill: { table, set, where } }: { name: string; backfill: BackfillSettings },
  { tenantId, after, rowId }: Batch,
): Promise<number> {
  const [tenant, first, last] = [tenantId, after, rowId].map(escapeLiteral);
  const results = (await client.query(
    `select set_config('app.tenant_id', ${tenant}, true), set_config('role', ${escapeLiteral(roleOfPlacement(target))}, true);
     with changed as (
       update ${escapeIdentifier(table)} set ${set}
       where tenant_id = ${tenant} and id between ${first} and ${last} and (${where}
)
       returning (${where}
) is true as "isLeft")
     select set_config('tenantry.changed', count(*)::text, true), count(*) filter (where "isLeft")::float8 as left from changed;
     select set_config('role', '${ROLES.owner}', true);
     insert into catalog.backfill_progress as p (target, name, tenant_id, row_id, changed)
     values (${escapeLiteral(target)}, ${escapeLiteral(name)}, ${tenant}, ${last}, current_setting('tenantry.changed')::bigint)
     on conflict (target, name) do update set tenant_id = excluded.tenant_id, row_id = excluded.row_id,
       changed = p.changed + excluded.changed, updated_at = now()
     returning changed::float8`,
  )) as unknown as readonly pg.QueryResult<{ changed: number; left: number }>[];
  const [, { left } = { left: 0 }, , { changed } = { changed: 0 }] = results.map(
    ({ rows }) => rows[0],
  );
  if (left > 0) {
    throw endless(
      'Its condition is true still of rows that it has just changed. It has to be false of them then, by their own columns.',
    );
  }
  return changed;
}

/** As one message, which is one transaction. */
async function complete(
  client: pg.ClientBase,
  work: TargetWork,
  step: CompiledMigration,
  options: BackfillOptions,
): Promise<void> {
  const { verifySql } = options;
  const statements = [
    ...(verifySql === undefined ? [] : verification(verifySql)),
    record(work, step, options),
    `delete from catalog.backfill_progress where target = ${escapeLiteral(work.name)} and name = ${escapeLiteral(step.name)}`,
    forgetFailure(work.name),
  ];
  await client.query(statements.join(';\n'));
}
