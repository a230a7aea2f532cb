import pg from 'pg';
import { lockKey } from './advisory-lock.ts';
import type { CompiledMigration } from './compiled-migration.ts';
import { type ConcurrentIndex, concurrentIndexOf } from './concurrent-index.ts';
import { forgetFailure } from './ledger.ts';
import {
  BUSY,
  guardsOf,
  mustBeFreeAndAsPlanned,
  record,
  type ScriptOptions,
  settings,
  statementsOf,
  type TargetWork,
  verification,
} from './migration-script.ts';

const { escapeIdentifier, escapeLiteral } = pg;

/** By itself the server would build the index to its end first. Not all platforms can. */
const NOTICE_WHEN_THE_PROCESS_IS_GONE = `do $notice$ begin
  perform set_config('client_connection_check_interval', '1s', false);
exception when invalid_parameter_value then
  null;
end $notice$`;

/** How such a step goes (times in milliseconds). */
export interface ConcurrentOptions extends Omit<ScriptOptions, 'lockTimeoutMs'> {
  /** How long it waits for transactions that are older. Nobody waits for it meanwhile. */
  readonly patienceMs: number;
}

/**
 * Carries out a step that is no transaction. It can be interrupted anywhere and done again: an index that is there is not
 * built again, and one that was left invalid is removed first. The ledger is written when all of it is done.
 * @param client has the session to itself, and is not used for anything else afterwards
 */
export async function performConcurrently(
  client: pg.ClientBase,
  work: TargetWork,
  step: CompiledMigration,
  options: ConcurrentOptions,
): Promise<void> {
  await client.query(NOTICE_WHEN_THE_PROCESS_IS_GONE);
  await client.query(settings(work, { lockTimeoutMs: Math.max(1, options.patienceMs) }, 'session'));
  await client.query(mustBeFreeAndAsPlanned(work, 'session'));
  for (const guard of [mustBeAlone(), ...guardsOf(step, work)]) {
    await client.query(guard);
  }
  await client.query(`select set_config('tenantry.step_began', clock_timestamp()::text, false)`);
  for (const statement of statementsOf(step, work.direction)) {
    await once(client, work.name, statement, concurrentIndexOf(statement));
  }
  // As one message, which is one transaction.
  const { verifySql } = options;
  const last = [
    ...(verifySql === undefined ? [] : verification(verifySql)),
    record(work, step, options),
    ...(work.list === 'tenant' ? [forgetFailure(work.name)] : []),
  ];
  await client.query(last.join(';\n'));
}

/** How long the removal of what is left may wait (milliseconds). */
const CLEAN_UP_MS = 1_000;

/** Two that build indexes in one database wait for each other's transactions, whichever tables they are on. */
function mustBeAlone(): string {
  return `do $alone$ begin
    if not pg_try_advisory_lock(${lockKey('concurrent indexes')}) then
      raise 'Someone else builds an index.' using errcode = '${BUSY}';
    end if;
  end $alone$`;
}

async function once(
  client: pg.ClientBase,
  schema: string,
  statement: string,
  what: ConcurrentIndex | null,
): Promise<void> {
  if (what === null) {
    throw new Error(`This does nothing with an index: ${statement}`);
  }
  const drop = `drop index concurrently ${escapeIdentifier(what.index)}`;
  const state = await stateOf(client, schema, what.index);
  if (state === 'invalid') {
    await client.query(drop);
  }
  if (what.action === 'create' && state !== 'valid') {
    try {
      await client.query(statement);
    } catch (error) {
      await removeWhatIsLeft(client, schema, what.index, drop);
      throw error;
    }
  }
  if (what.action === 'drop' && state === 'valid') {
    await client.query(statement);
  }
}

/** An index that could not be built costs every write, and a unique one refuses some. If it stays, the next run removes it. */
async function removeWhatIsLeft(
  client: pg.ClientBase,
  schema: string,
  index: string,
  drop: string,
): Promise<void> {
  const state = await stateOf(client, schema, index).catch(() => null);
  if (state === 'invalid') {
    // Whoever was waited for in vain is not waited for again.
    await client
      .query(`set lock_timeout = ${CLEAN_UP_MS}`)
      .then(() => client.query(drop))
      .catch(() => undefined);
  }
}

async function stateOf(
  client: pg.ClientBase,
  schema: string,
  index: string,
): Promise<'valid' | 'invalid' | null> {
  const { rows } = await client.query<{ valid: boolean }>(
    `select i.indisvalid as valid from pg_index i join pg_class c on c.oid = i.indexrelid
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = ${escapeLiteral(schema)} and c.relname = ${escapeLiteral(index)}`,
  );
  const [found] = rows;
  return found ? (found.valid ? 'valid' : 'invalid') : null;
}
