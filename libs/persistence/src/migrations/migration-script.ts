import pg from 'pg';
import { roleOfPlacement, ROLES } from '../roles.ts';
import { lockKey } from './advisory-lock.ts';
import { asTransaction, type CompiledMigration } from './compiled-migration.ts';
import type { TargetPlan } from './fleet-plan.ts';
import {
  forgetFailure,
  mustBeNeededByNobody,
  mustHaveApplied,
  recordApplied,
  RECORDING,
  recordRolledBack,
  stepBeginning,
  stepBegins,
} from './ledger.ts';
import { catalogRights, placementRole } from './server-roles.ts';

const { escapeIdentifier, escapeLiteral } = pg;

/** What is to be done in one target. */
export interface TargetWork extends TargetPlan {
  /** Whether it is one of the catalog's placements: then it may be taken away before its turn comes. */
  readonly isListed: boolean;
  /** Whether the schema, its role and their rights are there. */
  readonly isPrepared: boolean;
  readonly direction: 'up' | 'down';
  readonly steps: readonly CompiledMigration[];
}

export interface ScriptOptions {
  readonly runId: string;
  /** How long a statement may wait for a lock (milliseconds): others wait behind it meanwhile. */
  readonly lockTimeoutMs: number;
  readonly appUrl: string;
  /** A query that has to give `true` in each target: else nothing is stored there. */
  readonly verifySql?: string | undefined;
}

/** What is raised while someone else is busy with the target. */
export const BUSY = 'TN001';
/** What is raised when a target is not as it has to be when it is done. */
const NOT_VERIFIED = 'TN003';

/** Steps that are no migrations. */
const PREPARATION = 'preparation';
const VERIFICATION = 'verification';

/**
 * All that is to be done in the catalog, as one transaction: DDL and ledger row are stored together or not at all. Its rows say
 * which step has begun, and how long each has taken.
 */
export function catalogScript(work: TargetWork, options: ScriptOptions): string {
  return asTransactionOf([
    settings(work, options, 'transaction'),
    mustBeFreeAndAsPlanned(work, 'transaction'),
    ...work.steps.flatMap((step) => [
      stepBegins(step),
      ...guardsOf(step, work),
      ...asTransaction(step, statementsOf(step, work.direction)),
      record(work, step, options),
    ]),
    ...(options.verifySql === undefined ? [] : verification(options.verifySql)),
  ]);
}

/**
 * The same for a placement, in a session that has its lock, has found it where the plan says, and knows {@link PREPARED_STATEMENTS}.
 * @param hasFailed whether the ledger says so of an attempt before
 */
export function placementScript(
  work: TargetWork,
  options: ScriptOptions,
  hasFailed: boolean,
): string {
  const { name, steps, isPrepared } = work;
  return asTransactionOf([
    ...(isPrepared ? [] : [settings(work, options, 'transaction'), ...preparation(name, options)]),
    ...steps.flatMap((step) => [
      execute('tenantry_begin', [step.name]),
      settings(work, options, 'transaction'),
      ...guardsOf(step, work),
      ...asTransaction(step, statementsOf(step, work.direction)),
      ...endStep(work, step, options),
    ]),
    ...(options.verifySql === undefined
      ? []
      : [settings(work, options, 'transaction'), ...verification(options.verifySql)]),
    ...(hasFailed ? [forgetFailure(name)] : []),
    ...(isPrepared ? [] : [AS_WHO_HAS_CONNECTED, catalogRights(name)]),
  ]);
}

function asTransactionOf(statements: readonly string[]): string {
  // On a line of its own: a statement may end in a comment.
  return ['begin', ...statements, 'commit']
    .map((statement) => `${statement.replace(/;\s*$/, '')}\n;`)
    .join('\n');
}

/** What scripts of placements begin and end their steps with. A session that knows them plans them once, and not for each placement. */
export const PREPARED_STATEMENTS = `prepare tenantry_begin (text) as select ${stepBeginning('$1')};
  prepare tenantry_record (text, text, text, uuid, text) as ${RECORDING}`;

function endStep(
  work: TargetWork,
  step: CompiledMigration,
  { runId }: ScriptOptions,
): readonly string[] {
  const { name, checksum, kind } = step;
  return work.direction === 'down'
    ? [recordRolledBack(work, step)]
    : [
        // With another search path than before the server would plan it again.
        'set local search_path to default',
        execute('tenantry_record', [work.name, name, checksum, runId, kind]),
      ];
}

function execute(statement: string, values: readonly string[]): string {
  return `execute ${statement} (${values.map(escapeLiteral).join(', ')})`;
}

/**
 * What can be done in one go: as many steps as fit into a transaction, or one that is none. In a placement where nothing has
 * been applied nobody is in the way, and all of it is one transaction.
 */
export function nextPart(work: TargetWork): TargetWork {
  const { steps, isPrepared } = work;
  const first = steps.findIndex(
    (step, index) => standsAlone(step, work) || (index > 0 && !isNew(work) && validates(step)),
  );
  const count = first === -1 ? steps.length : first;
  return { ...work, steps: steps.slice(0, count === 0 && isPrepared ? 1 : count) };
}

/** Whether a part is a step that is no transaction. */
export function isAlone(part: TargetWork): boolean {
  return part.steps.some((step) => standsAlone(step, part));
}

function standsAlone(step: CompiledMigration, work: TargetWork): boolean {
  // What was filled in stays.
  const isNothing = work.direction === 'down' && step.backfill !== null;
  return !step.isTransactional && !isNew(work) && !isNothing;
}

/** Reading through a table would keep the locks for so long that a step before it has: of the one that made the constraint. */
function validates({ up }: CompiledMigration): boolean {
  return up.some((statement) => /\bvalidate\s+constraint\b/i.test(statement));
}

function isNew({ applied, direction }: TargetWork): boolean {
  return direction === 'up' && applied.length === 0;
}

/** What is left when a part has been done. */
export function afterPart(work: TargetWork, { steps: done }: TargetWork): TargetWork {
  const names = done.map(({ name }) => name);
  return {
    ...work,
    isPrepared: true,
    steps: work.steps.slice(done.length),
    applied:
      work.direction === 'up'
        ? [...work.applied, ...names].sort()
        : work.applied.filter((name) => !names.includes(name)),
  };
}

/** @throws {Error} when the step cannot be taken back */
export function statementsOf(
  { name, up, down }: CompiledMigration,
  direction: TargetWork['direction'],
): readonly string[] {
  const statements = direction === 'up' ? up : down;
  if (!statements) {
    throw new Error(`${name} cannot be taken back: it has no down().`);
  }
  return statements;
}

/** SQL that has to raise nothing before a step is done. */
export function guardsOf(step: CompiledMigration, { direction }: TargetWork): readonly string[] {
  return step.kind === 'contract' && direction === 'up' ? [mustBeNeededByNobody(step)] : [];
}

/** SQL that records that a step has been done, and gives how long it took. */
export function record(
  work: TargetWork,
  step: CompiledMigration,
  { runId }: Pick<ScriptOptions, 'runId'>,
): string {
  return work.direction === 'up' ? recordApplied(work, step, runId) : recordRolledBack(work, step);
}

/** How long something holds: to the end of the transaction, or of the session. */
type Span = 'transaction' | 'session';

/** SQL that makes whoever runs it the owner, in the schema of the target. */
export function settings(
  { name }: TargetWork,
  { lockTimeoutMs }: Pick<ScriptOptions, 'lockTimeoutMs'>,
  span: Span,
): string {
  const values = {
    lock_timeout: String(lockTimeoutMs),
    // Whatever the server's own are: DDL over a large table takes its time.
    statement_timeout: '0',
    search_path: `${escapeIdentifier(name)}, pg_temp`,
    role: ROLES.owner,
  };
  const set = span === 'transaction' ? 'set local' : 'set session';
  return Object.entries(values)
    .map(([setting, value]) => `${set} ${setting} to ${value}`)
    .join(';\n');
}

/** SQL that takes the lock of the target, and raises what says that it is not free or not where it was. */
export function mustBeFreeAndAsPlanned({ name, applied }: TargetWork, span: Span): string {
  const tryLock = span === 'transaction' ? 'pg_try_advisory_xact_lock' : 'pg_try_advisory_lock';
  return `do $guard$ begin
    if not ${tryLock}(${lockKey(`placement ${name}`)}) then
      raise 'Someone else is busy with it.' using errcode = '${BUSY}';
    end if;
    ${mustHaveApplied(name, applied)}
  end $guard$`;
}

const AS_WHO_HAS_CONNECTED = `select '${PREPARATION}' as step, set_config('role', 'none', true)`;
const RIGHTS = 'select, insert, update, delete';

/** Makes what is missing, and lets the placement's role use its tables, those of later migrations too, and nobody else. */
function preparation(schema: string, { appUrl }: ScriptOptions): readonly string[] {
  const name = escapeIdentifier(schema);
  const role = escapeIdentifier(roleOfPlacement(schema));
  return [
    AS_WHO_HAS_CONNECTED,
    placementRole(appUrl, schema),
    `select set_config('role', '${ROLES.owner}', true)`,
    `create schema if not exists ${name}`,
    `revoke all on schema ${name} from ${ROLES.tenant}`,
    `grant usage on schema ${name} to ${role}, ${ROLES.relay}`,
    rightsToTables(name, role),
    `alter default privileges in schema ${name} grant ${RIGHTS} on tables to ${role}`,
  ];
}

/** `on all tables in schema` would read through all that is in the database, ten times. */
function rightsToTables(schema: string, role: string): string {
  return `do $rights$ declare
    tables text := (
      select string_agg(c.oid::regclass::text, ', ') from pg_depend d join pg_class c on c.oid = d.objid
      where d.classid = 'pg_class'::regclass and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and d.refclassid = 'pg_namespace'::regclass and d.refobjid = '${schema}'::regnamespace);
  begin
    if tables is not null then
      -- Up to version 20261122120000 one role was for all placements.
      execute 'revoke all on ' || tables || ' from ${ROLES.tenant}';
      execute 'grant ${RIGHTS} on ' || tables || ' to ${role}';
    end if;
  end $rights$`;
}

/** SQL that raises when what is asked for is not the case. */
export function verification(query: string): readonly string[] {
  return [
    `select '${VERIFICATION}' as step`,
    `do $verify$ begin
      if (${query.replace(/;\s*$/, '')}) is not true then
        raise 'It is not as it has to be.' using errcode = '${NOT_VERIFIED}';
      end if;
    end $verify$`,
  ];
}
