import { randomUUID } from 'node:crypto';
import { type MikroORM } from '@mikro-orm/postgresql';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { FleetMigrator } from './fleet-migrator.ts';
import type { AppliedMigration } from './fleet-plan.ts';
import { readSnapshot, recordFailure } from './ledger.ts';

let database: TestDatabase;
let config: MigratorConfig;
let owner: MikroORM;

beforeAll(async () => {
  database = await createEmptyDatabase();
  config = readMigratorConfig({ ...database.address });
  owner = createOwnerOrm(config.ownerUrl, config.database);
  await new FleetMigrator(owner, config.database).migrate();
});

afterAll(async () => {
  await owner.close();
  await database.drop();
});

const query = <T extends object[]>(sql: string, parameters: unknown[] = []): Promise<T> =>
  owner.em.fork().execute<T>(sql, parameters);

async function record(schema: string, applied: readonly AppliedMigration[]): Promise<void> {
  await query(
    `insert into catalog.placement (id, created_at, updated_at, isolation, schema_name) values (gen_random_uuid(), now(), now(), 'schema', ?)`,
    [schema],
  );
  for (const { name, checksum, kind } of applied) {
    await query(
      'insert into catalog.migration (target, name, checksum, kind) values (?, ?, ?, ?)',
      [schema, name, checksum, kind],
    );
  }
}

const one: AppliedMigration = { name: '1-one', checksum: 'a', kind: 'expand' };
const two: AppliedMigration = { name: '2-two', checksum: 'b', kind: 'expand' };

describe('what the ledger says of the fleet', () => {
  const ledgers: Readonly<Record<string, readonly AppliedMigration[]>> = {
    t_1: [one, two],
    t_another_checksum: [one, { ...two, checksum: 'c' }],
    t_another_kind: [one, { ...two, kind: 'contract' }],
    t_another_name: [one, { ...two, name: '3-three' }],
    t_as_t_1: [two, one],
    t_half: [one],
    t_new: [],
    t_without_checksum: [one, { ...two, checksum: null }],
  };

  it('is the same where the same has been applied, and nowhere else', async () => {
    // What is left of one that is not there any more comes first among those that are alike.
    await record('t_0', [one, two]);
    await query(`delete from catalog.placement where schema_name = 't_0'`);
    for (const [schema, applied] of Object.entries(ledgers)) {
      await record(schema, applied);
    }

    const { placements } = await readSnapshot(owner.em.fork());

    const found = Object.fromEntries(placements.map(({ schema, applied }) => [schema, applied]));
    expect(found).toMatchObject({ ...ledgers, t_as_t_1: [one, two] });
    expect(Object.keys(found)).toEqual(['shared', ...Object.keys(ledgers)]);
    expect(found['t_as_t_1']).toBe(found['t_1']);
  });
});

describe('a failure', () => {
  it('is not kept of a placement that is gone', async () => {
    const failed = { sqlState: '42P01', step: '2-two' };
    const asOwner = owner.em.fork();
    for (const target of ['t_there', 't_gone']) {
      await query('delete from catalog.migration_failure where target = ?', [target]);
    }
    await record('t_there', []);

    for (const target of ['t_there', 't_gone']) {
      await recordFailure(asOwner, randomUUID(), { target, attempts: 1, error: failed });
    }

    expect(await query('select target from catalog.migration_failure')).toEqual([
      { target: 't_there' },
    ]);
  });
});
