import { email, Member, newId, Project, projectKey, Task } from '@tenantry/domain';
import {
  acme,
  globex,
  initech,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import { insertInBulk } from './insert-in-bulk.ts';

const ids = { member: newId<'Member'>(), project: newId<'Project'>(), task: newId<'Task'>() };
let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence();
});

afterAll(() => persistence.stop());

/** The same rows for each tenant. */
function rowsOf(name: string) {
  const member = new Member({ id: ids.member, email: email('ada@example.com'), name });
  const project = new Project({
    id: ids.project,
    key: projectKey('ONE'),
    name: `${name}’s “täsk”, \\ and more`,
    settings: { color: '#d7263d' },
  });
  const task = project.addTask({
    id: ids.task,
    title: 'Order brakes',
    assignee: member,
    labels: ['a b: c', '日本語'],
    status: 'in-progress',
  });
  return { member, project, task };
}

describe('entities that are inserted in bulk', () => {
  it('are what they would have been one by one, and each tenant’s own though their ids are the same', async () => {
    for (const tenant of [acme, globex, initech]) {
      const { member, project, task } = rowsOf(tenant.slug);
      await persistence.context.run(tenant, () =>
        persistence.transactional.run(async (transaction) => {
          await insertInBulk(transaction, Member, [member]);
          await insertInBulk(transaction, Project, [project]);
          await insertInBulk(transaction, Task, [task]);
        }),
      );
    }

    for (const tenant of [acme, globex, initech]) {
      await persistence.as(tenant, async () => {
        const expected = rowsOf(tenant.slug);
        const project = await persistence.projects.getOrFail(ids.project);
        const task = await persistence.projects.getTask(project, 1);
        expect(await persistence.members.getOrFail(ids.member)).toMatchObject({
          name: tenant.slug,
          email: 'ada@example.com',
        });
        expect(project).toMatchObject({
          name: expected.project.name,
          settings: { color: '#d7263d' },
          archivedAt: null,
          version: 1,
          lastTaskNumber: 1,
          openTaskCount: 1,
        });
        expect(task).toMatchObject({ title: 'Order brakes', labels: expected.task.labels });
        expect(task.assignee?.id).toBe(ids.member);
        expect((await persistence.projects.page({ search: 'more', limit: 9 })).items).toHaveLength(
          1,
        );
      });
    }
  });

  it('do not take a member of another tenant for theirs', async () => {
    const stranger = new Member({ email: email('eve@example.com'), name: 'Eve' });
    await persistence.as(globex, async () => {
      persistence.members.add(stranger);
    });
    const project = new Project({ key: projectKey('TWO'), name: 'Two' });
    const task = project.addTask({ title: 'Take it', assignee: stranger });

    await expect(
      persistence.context.run(acme, () =>
        persistence.transactional.run(async (transaction) => {
          await insertInBulk(transaction, Project, [project]);
          await insertInBulk(transaction, Task, [task]);
        }),
      ),
    ).rejects.toMatchObject({
      cause: { message: expect.stringContaining('task_assignee_fkey') as string },
    });
  });

  it('are under row security: a tenant’s scope cannot be had with another’s rows', async () => {
    const member = new Member({ email: email('mallory@example.com'), name: 'Mallory' });

    await expect(
      persistence.context.run(acme, () =>
        persistence.transactional.run(async (transaction) => {
          transaction.getFilterParams = () => ({ tenantId: globex.id }) as never;
          await insertInBulk(transaction, Member, [member]);
        }),
      ),
    ).rejects.toThrow('violates row-level security policy');
  });
});
