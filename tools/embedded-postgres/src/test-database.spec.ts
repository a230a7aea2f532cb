import pg from 'pg';
import { createEmptyDatabase, createTestDatabase } from './test-database.ts';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql);
  await client.end();
  return rows;
}

let prepared = 0;
const prepare = async ({
  MIGRATOR_DATABASE_URL,
}: {
  MIGRATOR_DATABASE_URL: string;
}): Promise<void> => {
  prepared++;
  await query(MIGRATOR_DATABASE_URL, 'create table note as select 1 as n');
};

describe('test databases', () => {
  it('are copies of one that was prepared once, and do not see each other', async () => {
    const [first, second] = await Promise.all([
      createTestDatabase(prepare),
      createTestDatabase(prepare),
    ]);

    await query(first.address.MIGRATOR_DATABASE_URL, 'insert into note values (2)');

    expect(prepared).toBe(1);
    expect(
      await query(first.address.MIGRATOR_DATABASE_URL, 'select count(*)::int as notes from note'),
    ).toEqual([{ notes: 2 }]);
    expect(
      await query(second.address.MIGRATOR_DATABASE_URL, 'select count(*)::int as notes from note'),
    ).toEqual([{ notes: 1 }]);
    await first.drop();
    await second.drop();
  });

  it('are gone when they are dropped, whoever is connected', async () => {
    const database = await createEmptyDatabase();
    const client = new pg.Client({ connectionString: database.address.MIGRATOR_DATABASE_URL });
    client.on('error', () => undefined);
    await client.connect();

    await database.drop();

    await expect(query(database.address.MIGRATOR_DATABASE_URL, 'select 1')).rejects.toMatchObject({
      code: '3D000',
    });
  });
});
