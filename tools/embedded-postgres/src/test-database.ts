import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { ServerAddress } from './server.ts';

/** A database that one spec file has to itself. */
export interface TestDatabase {
  readonly address: ServerAddress;
  /** Removes it, with whatever is connected. */
  drop(): Promise<void>;
}

/**
 * A new database, made as a copy of one that `prepare` has filled. That happens once in a test run, whichever spec file
 * comes first; the copies take some ten milliseconds each.
 * @param prepare fills the empty database it gets, and leaves no connection open
 */
export async function createTestDatabase(
  prepare: (address: ServerAddress) => Promise<void>,
): Promise<TestDatabase> {
  const template = `${databasePrefix()}template`;
  await asAdministrator(async (admin) => {
    await admin.query('select pg_advisory_lock(hashtext($1))', [template]);
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [
      template,
    ]);
    if (rowCount === 0) {
      await admin.query(`create database "${template}_unfinished"`);
      await prepare(addressOf(`${template}_unfinished`));
      await admin.query(`alter database "${template}_unfinished" rename to "${template}"`);
    }
  });
  return copyOf(template);
}

/** A new database with nothing in it. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return copyOf('template1');
}

/** Removes what spec files left behind; an embedded server goes away as a whole, another one should be as it was. */
export async function dropTestDatabases(): Promise<void> {
  await asAdministrator(async (admin) => {
    const { rows } = await admin.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [databasePrefix()],
    );
    for (const { datname } of rows) {
      await admin.query(`drop database "${datname}" with (force)`);
    }
  });
}

async function copyOf(template: string): Promise<TestDatabase> {
  const name = `${databasePrefix()}${randomBytes(4).toString('hex')}`;
  await asAdministrator(async (admin) => {
    await admin.query(`create database "${name}" template "${template}"`);
    await copyPrivileges(admin, template, name);
  });
  return {
    address: addressOf(name),
    drop: () =>
      asAdministrator(async (admin) => {
        await admin.query(`drop database if exists "${name}" with (force)`);
      }),
  };
}

/** Who may do what with a database is not a part of what PostgreSQL copies. */
async function copyPrivileges(admin: pg.Client, from: string, to: string): Promise<void> {
  const { rows } = await admin.query<{ privilege: string; grantee: string }>(
    `select privilege_type as privilege, case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as grantee
     from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) where datname = $1`,
    [from],
  );
  await admin.query(`revoke all on database "${to}" from public`);
  for (const { privilege, grantee } of rows) {
    await admin.query(`grant ${privilege} on database "${to}" to ${grantee}`);
  }
}

async function asAdministrator<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: environment('MIGRATOR_DATABASE_URL') });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function addressOf(database: string): ServerAddress {
  const at = (url: string): string => {
    const address = new URL(url);
    address.pathname = `/${database}`;
    return address.href;
  };
  return {
    DATABASE_URL: at(environment('DATABASE_URL')),
    MIGRATOR_DATABASE_URL: at(environment('MIGRATOR_DATABASE_URL')),
  };
}

/** One test run's databases are told from another's by their names. */
function databasePrefix(): string {
  return `tenantry_test_${environment('TEST_RUN')}_`;
}

function environment(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(
      `${name} is not set. Specs with a database need jest.global-setup as Jest's globalSetup, ` +
        'and a server of your own needs both DATABASE_URL and MIGRATOR_DATABASE_URL.',
    );
  }
  return value;
}
