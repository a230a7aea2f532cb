import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { handleWhen, ExponentialBackoff, retry } from 'cockatiel';
import { errorParts } from '../connection/connection-errors.ts';
import { roleOfPlacement, ROLES } from '../roles.ts';
import { CommitInterrupted } from '../unit-of-work/transaction-errors.ts';

/** The server is not as Tenantry needs it, and the migrator may not change that itself. */
export class ServerNotPrepared extends Error {
  override readonly name = 'ServerNotPrepared';
}

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
 * already is left alone, but has to be right.
 * @param appUrl names the app's login and, for when it is to be made, its password
 * @throws {ServerNotPrepared} saying what an administrator has to do
 */
export async function prepareServer(orm: MikroORM, appUrl: string): Promise<void> {
  const { login, password, database } = addressOf(appUrl);
  await prepare(orm, preparation(login, database), password, (transaction) =>
    checkLogin(transaction, login),
  );
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

async function prepare(
  orm: MikroORM,
  statements: readonly Statement[],
  password = '',
  check: (transaction: EntityManager) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const policy = retry(doneAgain, { maxAttempts: 5, backoff: new ExponentialBackoff() });
  await policy.execute(() =>
    orm.em.fork().transactional(async (transaction) => {
      const names = statements.flatMap(({ unlessRole }) => unlessRole ?? []);
      const there = new Set((await findRoles(transaction, names)).map(({ name }) => name));
      for (const { sql, unlessRole } of statements) {
        if (unlessRole === undefined || !there.has(unlessRole)) {
          await asAllowed(transaction, sql, [password], statements);
        }
      }
      await check(transaction);
    }),
  );
}

interface Statement {
  readonly sql: string;
  /** It is left out when there is such a role. */
  readonly unlessRole?: string;
}

/** What makes a server ready, in order; `?` is the password. */
function preparation(login: string, databaseName: string): readonly Statement[] {
  const app = `"${login}"`;
  const database = `"${databaseName.replaceAll('"', '""')}"`;
  return [
    { sql: `create role ${ROLES.owner} nologin bypassrls`, unlessRole: ROLES.owner },
    { sql: `create role ${ROLES.tenant} nologin`, unlessRole: ROLES.tenant },
    { sql: `create role ${ROLES.operator} nologin`, unlessRole: ROLES.operator },
    { sql: `create role ${ROLES.reader} nologin`, unlessRole: ROLES.reader },
    { sql: `create role ${ROLES.relay} nologin`, unlessRole: ROLES.relay },
    { sql: `create role ${app} login noinherit password ?`, unlessRole: login },
    { sql: `grant ${ROLES.owner} to current_user` },
    { sql: `grant ${ROLES.tenant}, ${ROLES.operator}, ${ROLES.reader}, ${ROLES.relay} to ${app}` },
    { sql: `revoke all on database ${database} from public` },
    { sql: `grant connect, create on database ${database} to ${ROLES.owner}` },
    { sql: `grant connect on database ${database} to ${app}, ${ROLES.operator}` },
    { sql: STATISTICS_FOR_OPERATORS },
  ];
}

// Without it an operator sees less in /health/database; not every administrator can give it away.
const STATISTICS_FOR_OPERATORS = `do $$ begin
  grant pg_read_all_stats to ${ROLES.operator};
exception when insufficient_privilege then
  raise notice 'pg_read_all_stats could not be granted to ${ROLES.operator}';
end $$`;

async function asAllowed(
  transaction: EntityManager,
  sql: string,
  parameters: readonly string[],
  all: readonly Statement[],
): Promise<void> {
  try {
    await transaction.execute(sql, sql.includes('?') ? [...parameters] : []);
  } catch (error) {
    if (errorParts(error).code !== INSUFFICIENT_PRIVILEGE) {
      throw error;
    }
    const script = all.map((statement) => `  ${statement.sql.replace('?', `'…'`)};`).join('\n');
    throw new ServerNotPrepared(
      `MIGRATOR_DATABASE_URL's role may not run: ${sql}\n` +
        `Let an administrator of the server run what is still missing of this, then try again:\n${script}`,
      { cause: error },
    );
  }
}

interface Role {
  readonly name: string;
  readonly rolsuper: boolean;
  readonly rolbypassrls: boolean;
  readonly rolinherit: boolean;
}

async function findRoles(
  transaction: EntityManager,
  names: readonly string[],
): Promise<readonly Role[]> {
  return transaction.execute<Role[]>(
    `select rolname as name, rolsuper, rolbypassrls, rolinherit from pg_roles
     where rolname in (select jsonb_array_elements_text(?::jsonb))`,
    [JSON.stringify(names)],
  );
}

/** The app's login must have no rights of its own: then whatever forgets to enter a scope is refused. */
async function checkLogin(transaction: EntityManager, login: string): Promise<void> {
  const [role] = await findRoles(transaction, [login]);
  const excess = [
    role?.rolsuper && 'nosuperuser',
    role?.rolbypassrls && 'nobypassrls',
    role?.rolinherit && 'noinherit',
  ].filter(Boolean);
  if (excess.length > 0) {
    throw new ServerNotPrepared(
      `The app's login ${login} has rights that it must not have. ` +
        `Run: alter role "${login}" ${excess.join(' ')};`,
    );
  }
}
