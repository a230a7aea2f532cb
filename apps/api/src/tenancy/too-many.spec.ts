import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { type Answer, type Api, ONE, startApi } from '../testing/api-harness.ts';

let api: Api;
let owner: MikroORM;

beforeAll(async () => {
  api = await startApi({ TENANT_LIMITS: '{"free":{"concurrency":1,"queue":1}}' });
  owner = new MikroORM({
    clientUrl: api.config.MIGRATOR_DATABASE_URL,
    entities: [],
    contextName: 'administrator',
    discovery: { warnWhenNoEntities: false },
  });
});

afterAll(async () => {
  await owner.close();
  await api.stop();
});

const addTask = (tenant: string): Promise<Answer> =>
  api.call({ path: `/projects/${ONE}/tasks`, tenant, body: { title: 'One more' } });

describe('a tenant that asks for more at once than its plan allows', () => {
  it('is answered with 429 and when to try again, while others are served', async () => {
    const waiting = await owner.em.fork().transactional(async (transaction) => {
      // Whoever changes alpha's project waits for this to end.
      await transaction.execute('select from shared.project where tenant_id = ? for update', [
        api.tenants.alpha.id,
      ]);
      const added = [addTask('alpha'), addTask('alpha')];
      await sleep(300);

      expect(await addTask('alpha')).toMatchObject({
        status: 429,
        headers: { 'retry-after': '1' },
        body: { code: 'too-many-requests' },
      });
      expect(await addTask('beta')).toMatchObject({ status: 201 });
      return { added };
    });

    for (const answer of waiting.added) {
      expect(await answer).toMatchObject({ status: 201 });
    }
    expect(await addTask('alpha')).toMatchObject({ status: 201 });
  });
});
