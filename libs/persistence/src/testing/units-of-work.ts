import {
  email,
  type Id,
  Member,
  newId,
  Project,
  type ProjectId,
  projectKey,
} from '@tenantry/domain';
import { acme, globex, type Persistence, startPersistence } from './persistence-harness.ts';

export const MEMBER: Id<'Member'> = newId<'Member'>();
export const PROJECT: ProjectId = newId<'Project'>();

/** For a spec file about units of work: a database of its own where, before each test, two tenants have the same rows. */
export function useUnitsOfWork() {
  let persistence: Persistence;

  beforeAll(async () => {
    persistence = await startPersistence({ DB_POOL_MAX: '5' });
  });

  afterAll(() => persistence.stop());

  beforeEach(async () => {
    await persistence.asOwner('truncate shared.member, shared.project, shared.task');
    for (const tenant of [acme, globex]) {
      await persistence.as(tenant, async () => {
        persistence.members.add(
          new Member({ id: MEMBER, email: email('ada@example.com'), name: 'ada' }),
        );
        persistence.projects.add(new Project({ id: PROJECT, key: projectKey('ONE'), name: 'One' }));
      });
    }
    await persistence.asOwner('truncate shared.outbox_event, shared.idempotency_key');
  });

  const run: Persistence['unitOfWork']['run'] = (work, options) =>
    persistence.unitOfWork.run(work, options);
  const namesIn = async (sql: string, parameters: unknown[] = []): Promise<string[]> =>
    (await persistence.asOwner<{ name: string }[]>(sql, parameters)).map(({ name }) => name);
  return {
    get persistence(): Persistence {
      return persistence;
    },
    run,
    inAcme: <Result>(work: () => Promise<Result>): Promise<Result> =>
      persistence.context.run(acme, work),
    join: (name: string): void => {
      persistence.members.add(new Member({ email: email(`${name}@example.com`), name }));
    },
    flush: (): Promise<void> => persistence.entityManager.flush(),
    sql: (text: string): Promise<object[]> => persistence.entityManager.execute(text),
    project: (): Promise<Project> => persistence.projects.getOrFail(PROJECT),
    /** What is stored: acme's members but for the one who is there from the start. */
    members: (): Promise<string[]> =>
      namesIn(`select name from shared.member where tenant_id = ? and name <> 'ada' order by 1`, [
        acme.id,
      ]),
    /** What is stored: the status of acme's project, and of the other one. */
    statuses: (): Promise<string[]> =>
      namesIn('select status as name from shared.project order by tenant_id = ? desc', [acme.id]),
    /** What is stored. */
    events: (): Promise<string[]> =>
      namesIn('select name from shared.outbox_event where name is not null order by position'),
  };
}
