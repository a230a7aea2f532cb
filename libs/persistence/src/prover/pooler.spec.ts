import { createOwnerOrm } from '../connection/owner-orm.ts';
import { type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { checkPooler, observePooler } from './pooler.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence();
});

afterAll(() => persistence.stop());

describe('a connection', () => {
  it('to the server itself keeps what a session sets, to that session', async () => {
    const { database } = persistence.config;
    const orm = createOwnerOrm(database.url, database);

    const observation = await observePooler(orm);
    await orm.close();

    expect(new Set(observation.backends).size).toBe(1);
    expect(observation).toMatchObject({ lost: false, seenByOther: false });
    expect(checkPooler(observation)).toEqual([]);
  });

  it.each([
    ['other server processes', { backends: [1, 2, 1], lost: false }],
    ['a setting that is gone', { backends: [1, 1, 1], lost: true }],
  ])('that shows %s is a pooler’s, which is worth a warning', (_what, observation) => {
    expect(checkPooler({ ...observation, seenByOther: false })).toMatchObject([
      { check: 'pooler', severity: 'warning' },
    ]);
  });

  it('that shows the setting to another client leaks', () => {
    expect(checkPooler({ backends: [1, 2], lost: true, seenByOther: true })).toMatchObject([
      { check: 'pooler', severity: 'leak' },
    ]);
  });
});
