import { newId } from '@tenantry/domain';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import {
  acme,
  globex,
  initech,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import { Housekeeper } from './housekeeper.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence();
  await persistence.asOwner(
    `insert into catalog.placement values (gen_random_uuid(), now(), now(), 'schema', '${initech.schema}'),
       (gen_random_uuid(), now(), now(), 'schema', 't_lagging');
     create schema t_lagging`,
  );
});

afterAll(() => persistence.stop());

const ids = async (table: string): Promise<unknown[]> =>
  (await persistence.asOwner<{ id: string }[]>(`select id from ${table}`)).map(({ id }) => id);

/** Rows of two tenants with the same ids, and so many days old. */
async function put(table: string, days: number, more = '', values = ''): Promise<string> {
  const id = newId();
  for (const tenant of [acme, globex]) {
    await persistence.asOwner(
      `insert into ${table} (tenant_id, id, created_at${more}) values (?, ?, now() - ? * interval '1 day'${values})`,
      [tenant.id, id, days],
    );
  }
  return id;
}

describe('what units of work have left behind', () => {
  it('is removed when it has had its time, in all placements, and the rest is not', async () => {
    await put('shared.commit_marker', 2);
    await put(`"${initech.schema}".commit_marker`, 2);
    const marker = await put('shared.commit_marker', 0.5);
    await put('shared.idempotency_key', 2, ', key', `, 'old'`);
    const key = await put('shared.idempotency_key', 0.5, ', key', `, 'new'`);
    await put('shared.outbox_event', 2);
    await put(
      'shared.outbox_event',
      9,
      ', name, delivered_at',
      `, 'a.b', now() - interval '8 days'`,
    );
    const delivered = await put(
      'shared.outbox_event',
      9,
      ', name, delivered_at',
      `, 'a.b', now() - interval '6 days'`,
    );
    const pending = await put('shared.outbox_event', 99, ', name, due_at', `, 'a.b', now()`);
    const parked = await put('shared.outbox_event', 99, ', name, parked_at', `, 'a.b', now()`);
    await persistence.asOwner(
      `insert into catalog.commit_marker (id, created_at) values (gen_random_uuid(), now() - interval '2 days')`,
    );
    const owner = createOwnerOrm(persistence.config.ownerUrl, persistence.config.database);

    const removed = await new Housekeeper(owner).clean();
    await owner.close();

    expect(removed).toBe(11);
    expect(await ids('catalog.commit_marker')).toEqual([]);
    expect(await ids(`"${initech.schema}".commit_marker`)).toEqual([]);
    expect(new Set(await ids('shared.commit_marker'))).toEqual(new Set([marker]));
    expect(new Set(await ids('shared.idempotency_key'))).toEqual(new Set([key]));
    expect(new Set(await ids('shared.outbox_event'))).toEqual(
      new Set([delivered, pending, parked]),
    );
  });
});
