import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { handleWhen, ExponentialBackoff, retry } from 'cockatiel';
import pg from 'pg';
import { errorParts } from '../connection/connection-errors.ts';
import { roleOfPlacement, ROLES } from '../roles.ts';
import { CommitInterrupted } from '../unit-of-work/transaction-errors.ts';

/** The server is not as Tenantry needs it, and the migrator may not change that itself. */
export class ServerNotPrepared extends Error {
  override readonly name = 'ServerNotPrepared';
}

const { escapeIdentifier, escapeLiteral } = pg;

const INSUFFICIENT_PRIVILEGE = '42501';
const LOGIN = /^[A-Za-z_][\w.-]{0,62}$/;

/**
 * Roles are the server's and not the database's, so migrators of other databases can be in the way for a moment. What may
 * have been stored already is found to be there when it is done again.
 */
const doneAgain = handleWhen(
  (error) =>
    error instanceof CommitInterrupted ||
    /already exists|concurrently updated|duplicate key/.test(errorParts(error).message),
);

/**
 * Makes the roles that are missing, the app's login among them, and closes the database to everyone else. What is there
 * already is left alone, but has to be right; where nothing is missing, nothing is written.
 * @param appUrl names the app's login and, for when it is to be made, its password
 * @throws {ServerNotPrepared} saying what an administrator has to do
 */
export async function prepareServer(orm: MikroORM, appUrl: string): Promise<void> {
  const { login, password, database } = addressOf(appUrl);
  const statements = preparation(login, database);
  const lookBy = (entityManager: EntityManager): Promise<State> =>
    look(entityManager, login, database, statements);
  const policy = retry(doneAgain, { maxAttempts: 5, backoff: new ExponentialBackoff() });
  await policy.execute(async () => {
    const state = await lookBy(orm.em.fork());
    if (state.excess.length > 0) {
      throw new ServerNotPrepared(
        `The app's login ${login} has rights that it must not have. ` +
          `Run: alter role "${login}" ${state.excess.join(' ')};`,
      );
    }
    if (state.missing.length > 0) {
      await orm.em
        .fork()
        .transactional((transaction) => perform(transaction, state, password, lookBy));
    }
  });
}

/**
 * A migrator that row security binds would find no placements, and nothing to be done.
 * @throws {ServerNotPrepared} saying what an administrator has to do
 */
export async function mustBypassRowSecurity(orm: MikroORM): Promise<void> {
  const [{ migrator, bypasses }] = await orm.em
    .fork()
    .execute<[{ migrator: string; bypasses: boolean }]>(
      `select quote_ident(rolname) as migrator, rolsuper or rolbypassrls as bypasses from pg_roles where rolname = current_user`,
    );
  if (!bypasses) {
    throw new ServerNotPrepared(
      `MIGRATOR_DATABASE_URL's role ${migrator} does not see all tenants, since row security binds it.\n` +
        `Let an administrator of the server run this, then try again:\nalter role ${migrator} bypassrls;`,
    );
  }
}

/** SQL that makes the role of a placement, unless it is there, and lets the app's login become it: as whoever has connected. */
export function placementRole(appUrl: string, schema: string): string {
  const name = roleOfPlacement(schema);
  const { login } = addressOf(appUrl);
  return `do $role$ begin
    if not exists (select from pg_roles where rolname = '${name}') then
      create role "${name}" nologin role "${login}";
    else
      grant "${name}" to "${login}";
    end if;
  end $role$`;
}

/**
 * SQL that lets the role of a placement see its tenants in the catalog. Until the transaction ends no other one can do so
 * for another placement, so it comes last.
 */
export function catalogRights(schema: string): string {
  return `grant ${ROLES.tenant} to "${roleOfPlacement(schema)}"`;
}

/** Whom the app logs in as, and where. */
export function addressOf(appUrl: string): { login: string; password: string; database: string } {
  const { username, password, pathname } = new URL(appUrl);
  const login = decodeURIComponent(username);
  if (!LOGIN.test(login)) {
    throw new ServerNotPrepared(
      'The login in DATABASE_URL may have letters, digits and _ . - only.',
    );
  }
  return {
    login,
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  };
}

/** What makes a server ready. */
interface Statement {
  readonly sql: string;
  /** A condition, in SQL, under which there is nothing to be done. */
  readonly unless: string;
  /** Tenantry does without it where it may not be done. */
  readonly isOptional?: boolean;
}

/** In order; `?` is the password, and `current_user` the migrator. */
function preparation(login: string, databaseName: string): readonly Statement[] {
  const { owner, tenant, operator, reader, relay } = ROLES;
  const forApp = [tenant, operator, reader, relay];
  const database = escapeIdentifier(databaseName);
  const app = escapeIdentifier(login);
  const canConnect = (sql: string, name: string): Statement => ({
    sql: `grant connect on database ${database} to ${sql}`,
    unless: hasRight(name, 'CONNECT'),
  });
  return [
    theRole(owner, 'nologin bypassrls'),
    ...forApp.map((name) => theRole(name, 'nologin')),
    theRole(login, 'login noinherit password ?'),
    {
      // For the role of each placement.
      sql: 'alter role current_user createrole',
      unless: `(select rolsuper or rolcreaterole from pg_roles where rolname = current_user)`,
    },
    { sql: `grant ${owner} to current_user`, unless: canBecome('current_user', `'${owner}'`) },
    {
      // It gives it to the role of each placement.
      sql: `grant ${tenant} to current_user with admin option`,
      unless: isMember('current_user', `'${tenant}'`, `'MEMBER WITH ADMIN OPTION'`),
    },
    ...forApp.map((name) => ({
      sql: `grant ${name} to ${app}`,
      unless: canBecome(`'${login}'`, `'${name}'`),
    })),
    {
      sql: `revoke all on database ${database} from public`,
      unless: 'not exists (select from rights where grantee = 0)',
    },
    {
      sql: `grant connect, create on database ${database} to ${owner}`,
      unless: `${hasRight(`'${owner}'`, 'CONNECT')} and ${hasRight(`'${owner}'`, 'CREATE')}`,
    },
    canConnect(app, `'${login}'`),
    canConnect(operator, `'${operator}'`),
    canConnect('current_user', 'current_user'),
    {
      sql: STATISTICS_FOR_OPERATORS,
      unless: canBecome(`'${operator}'`, `'pg_read_all_stats'`),
      isOptional: true,
    },
  ];
}

// Without it an operator sees less in /health/database; not every administrator can give it away.
const STATISTICS_FOR_OPERATORS = `do $$ begin
  grant pg_read_all_stats to ${ROLES.operator};
exception when insufficient_privilege then
  raise notice 'pg_read_all_stats could not be granted to ${ROLES.operator}';
end $$`;

function theRole(name: string, attributes: string): Statement {
  return {
    sql: `create role ${escapeIdentifier(name)} ${attributes}`,
    unless: `${oidOf(`'${name}'`)} is not null`,
  };
}

/** @param role an expression of its name, as in what follows */
function oidOf(role: string): string {
  return `to_regrole(quote_ident(${role}))::oid`;
}

function isMember(member: string, role: string, how: string): string {
  return `coalesce(pg_has_role(${oidOf(member)}, ${oidOf(role)}, ${how}), false)`;
}

/** From PostgreSQL 16 on a member need not be one that can. */
function canBecome(member: string, role: string): string {
  const how = `case when current_setting('server_version_num')::int < 160000 then 'MEMBER' else 'SET' end`;
  return isMember(member, role, how);
}

/** Whether a role has a right to the database, other than as one of all roles. */
function hasRight(role: string, right: 'CONNECT' | 'CREATE'): string {
  return `exists (
    select from rights where privilege_type = '${right}'
    and case when grantee <> 0 then pg_has_role(${oidOf(role)}, grantee, 'USAGE') end)`;
}

interface State {
  readonly missing: readonly Statement[];
  /** The migrator's role, in quotes where it needs them. */
  readonly migrator: string;
  /** What the app's login would have to be made, as it must have no rights of its own: then whatever forgets to enter a scope is refused. */
  readonly excess: readonly string[];
}

/** By one query, which changes nothing. */
async function look(
  entityManager: EntityManager,
  login: string,
  database: string,
  statements: readonly Statement[],
): Promise<State> {
  const [found] = await entityManager.execute<
    [Pick<State, 'migrator' | 'excess'> & { isDone: readonly boolean[] }]
  >(
    `with rights as (
       select grantee, privilege_type
       from pg_database cross join aclexplode(coalesce(datacl, acldefault('d', datdba))) where datname = ${escapeLiteral(database)})
     select quote_ident(current_user) as migrator,
       json_build_array(${statements.map(({ unless }) => unless).join(', ')}) as "isDone",
       array(
         select attribute from pg_roles cross join lateral (
           values ('nosuperuser', rolsuper), ('nobypassrls', rolbypassrls), ('noinherit', rolinherit)) as excess (attribute, is_set)
         where rolname = '${login}' and is_set) as excess`,
  );
  const { isDone, migrator, excess } = found;
  return { missing: statements.filter((_, index) => !isDone[index]), migrator, excess };
}

/** @throws {ServerNotPrepared} when it may not do all of it */
async function perform(
  transaction: EntityManager,
  { missing, migrator }: State,
  password: string,
  lookBy: (entityManager: EntityManager) => Promise<State>,
): Promise<void> {
  const isMissing = async (statement: Statement): Promise<boolean> =>
    (await lookBy(transaction)).missing.includes(statement);
  for (const statement of missing) {
    // Whoever makes a role may already do what is granted next.
    if (await isMissing(statement)) {
      const { sql, isOptional = false } = statement;
      await transaction
        .execute(sql, sql.includes('?') ? [password] : [])
        .catch((error: unknown) => {
          throw errorParts(error).code === INSUFFICIENT_PRIVILEGE
            ? refusal(missing, migrator, sql, error)
            : error;
        });
      // Not all that is refused is an error: to grant what one may not grant is a warning.
      if (!isOptional && (await isMissing(statement))) {
        throw refusal(missing, migrator, sql);
      }
    }
  }
}

function refusal(
  missing: readonly Statement[],
  migrator: string,
  refused: string,
  cause?: unknown,
): ServerNotPrepared {
  const shown = (sql: string): string =>
    sql.replace('?', `'…'`).replaceAll('current_user', migrator);
  const script = missing.map(({ sql }) => `${shown(sql)};`).join('\n');
  return new ServerNotPrepared(
    `MIGRATOR_DATABASE_URL's role ${migrator} may not run: ${shown(refused)}\n` +
      `Let an administrator of the server run this, then try again:\n${script}`,
    { cause },
  );
}
