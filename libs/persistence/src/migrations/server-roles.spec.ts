import { randomUUID } from 'node:crypto';
import { type RestartableServer, startRestartableServer } from '@tenantry/embedded-postgres';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import type { RunReport } from './fleet-migrator.ts';
import { ServerNotPrepared } from './server-roles.ts';
import { withFleet } from './with-fleet.ts';

let server: RestartableServer;
let admin: pg.Client;

/** Of its own: roles are a server's, and on the one that specs share they are all there. */
function withServerOfItsOwn(): void {
  beforeAll(async () => {
    server = await startRestartableServer();
    admin = new pg.Client({ connectionString: server.address.MIGRATOR_DATABASE_URL });
    await admin.connect();
  });

  afterAll(async () => {
    await admin.end();
    await server.end();
  });
}

/** How `migrator` migrates for an app that is not there yet. */
function configOf(migrator: string): MigratorConfig {
  return readMigratorConfig({
    MIGRATOR_DATABASE_URL: as(server.address.MIGRATOR_DATABASE_URL, migrator, 'x'),
    DATABASE_URL: as(server.address.DATABASE_URL, 'the-app.1', 'secret-password'),
  });
}

function as(url: string, username: string, password: string): string {
  return Object.assign(new URL(url), { username, password }).href;
}

function migrate(config: MigratorConfig): Promise<RunReport> {
  return withFleet(config, (fleet) => fleet.migrate());
}

async function addPlacement(schema: string): Promise<void> {
  await admin.query(
    `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name) values ($1, now(), now(), 'schema', $2)`,
    [randomUUID(), schema],
  );
}

/** What a migrator that is refused says that an administrator has to run, who then does. */
async function scriptOfRefusal(config: MigratorConfig): Promise<string> {
  const refusal = await migrate(config).catch((error: unknown) => error as Error);
  expect(refusal).toBeInstanceOf(ServerNotPrepared);
  const { message } = refusal as Error;
  expect(message).not.toContain('secret-password');
  const [, script = ''] = message.split('then try again:\n');
  await admin.query(script.replace('…', 'secret-password'));
  return script;
}

describe('a migrator that may make roles, bypasses row security and owns the database', () => {
  withServerOfItsOwn();

  it('needs nobody else', async () => {
    await admin.query(`create role strong login createrole bypassrls password 'x'`);
    await admin.query('alter database tenantry owner to strong');

    const { outcomes } = await migrate(configOf('strong'));

    expect(outcomes.map(({ target, status }) => [target, status])).toEqual([
      ['catalog', 'migrated'],
      ['shared', 'migrated'],
    ]);
  });
});

describe('a migrator that may do nothing by itself', () => {
  withServerOfItsOwn();
  let config: MigratorConfig;

  beforeAll(async () => {
    await admin.query(`create role weak login password 'x'`);
    config = configOf('weak');
  });

  it('says what an administrator has to run, without the password, and then does the rest', async () => {
    const [first, second] = [await scriptOfRefusal(config), await scriptOfRefusal(config)];
    const done = await migrate(config);
    await addPlacement('t_one');
    const { outcomes } = await migrate(config);

    expect(first).toBe('alter role weak bypassrls;');
    expect(second).toContain('grant connect on database "tenantry" to weak;');
    expect(done.outcomes.map(({ target, status }) => [target, status])).toEqual([
      ['catalog', 'migrated'],
      ['shared', 'migrated'],
    ]);
    expect(outcomes).toEqual([expect.objectContaining({ target: 't_one', status: 'migrated' })]);
    const app = new pg.Client({ connectionString: config.database.url });
    await app.connect();
    await app.query(
      `set role tenantry_t_one; set app.tenant_id = '${randomUUID()}'; select from t_one.project`,
    );
    await app.end();
  });

  it('asks for nothing that it has', async () => {
    const { rows: before } = await admin.query<{ xmin: string }>(
      `select xmin::text from pg_database where datname = current_database()`,
    );

    await migrate(config);

    const { rows: after } = await admin.query<{ xmin: string }>(
      `select xmin::text from pg_database where datname = current_database()`,
    );
    expect(after).toEqual(before);
  });

  it.each([
    [
      'an app that cannot become an operator',
      'revoke tenantry_operator from "the-app.1"',
      'grant tenantry_operator to "the-app.1";',
    ],
    [
      'a database that is open to everybody',
      'grant connect on database tenantry to public',
      'revoke all on database "tenantry" from public;',
    ],
    [
      'an owner that cannot make schemas',
      'revoke create on database tenantry from tenantry_owner',
      'grant connect, create on database "tenantry" to tenantry_owner;',
    ],
    [
      'an app that cannot connect',
      'revoke connect on database tenantry from "the-app.1"',
      'grant connect on database "tenantry" to "the-app.1";',
    ],
    [
      'a migrator that cannot become the owner',
      'revoke tenantry_owner from weak',
      'grant tenantry_owner to weak;',
    ],
    [
      'a migrator that cannot make roles',
      'alter role weak nocreaterole',
      'alter role weak createrole;',
    ],
    [
      'a migrator that cannot let placements see the catalog',
      'revoke admin option for tenantry_tenant from weak cascade',
      'grant tenantry_tenant to weak with admin option;',
    ],
  ])('names what is missing: %s', async (_what, damage, repair) => {
    await admin.query(damage);

    expect(await scriptOfRefusal(config)).toBe(repair);

    await addPlacement(`t_${randomUUID().replaceAll('-', '')}`);
    const { outcomes } = await migrate(config);
    expect(outcomes).toEqual([expect.objectContaining({ status: 'migrated' })]);
  });

  it('puts right itself what it may', async () => {
    await admin.query('revoke tenantry_tenant from "the-app.1"');

    await migrate(config);

    const { rows } = await admin.query(`select pg_has_role('the-app.1', 'tenantry_tenant', 'set')`);
    expect(rows).toEqual([{ pg_has_role: true }]);
  });
});
