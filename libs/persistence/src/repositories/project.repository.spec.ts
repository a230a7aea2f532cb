import {
  email,
  Member,
  newId,
  NotFound,
  Project,
  projectKey,
  type TaskQuery,
  type ProjectQuery,
} from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';

let persistence: Persistence;
/** Of one project in each tenant: the ids collide on purpose. */
const id = newId<'Project'>();
const ada = newId<'Member'>();

beforeAll(async () => {
  persistence = await startPersistence();
  for (const tenant of tenants) {
    await persistence.as(tenant, async () => {
      const assignee = new Member({
        id: ada,
        email: email('ada@example.com'),
        name: `Ada of ${tenant.slug}`,
      });
      persistence.members.add(assignee);
      const apollo = new Project({
        id,
        key: projectKey('APOLLO'),
        name: `Moon ${tenant.slug}`,
        settings: { color: '#ff0000' },
      });
      apollo.addTask({
        title: `Build a rocket for ${tenant.slug}`,
        labels: ['Steel', 'urgent'],
        assignee,
      });
      apollo.addTask({ title: 'Find a launch pad', labels: ['urgent'], status: 'done' });
      apollo.addTask({ title: 'Paint the ROCKET' });
      persistence.projects.add(apollo);
      const old = new Project({
        key: projectKey('OLD'),
        name: 'Balloon',
        description: 'before the rocket',
      });
      old.archive();
      persistence.projects.add(old);
    });
  }
});

afterAll(() => persistence.stop());

describe.each(tenants)('the projects of $slug', (tenant) => {
  const within = <T>(work: () => Promise<T>): Promise<T> => persistence.context.run(tenant, work);

  it('come back as they were stored', async () => {
    const project = await within(() => persistence.projects.getOrFail(id));

    expect(project).toBeInstanceOf(Project);
    expect(project).toMatchObject({
      key: 'APOLLO',
      name: `Moon ${tenant.slug}`,
      description: '',
      status: 'active',
      archivedAt: null,
      settings: { color: '#ff0000' },
      version: 1,
      lastTaskNumber: 3,
      openTaskCount: 2,
    });
    expect(project.createdAt).toBeInstanceOf(Date);
  });

  it.each<[string, Omit<ProjectQuery, 'limit'>, string[]]>([
    ['without a condition', {}, ['APOLLO']],
    ['archived', { archived: true }, ['OLD']],
    ['by status', { status: 'on-hold' }, []],
    ['by words of name and key, in any case', { search: 'moon apollo' }, ['APOLLO']],
    ['by words of the description', { search: 'rocket', archived: true }, ['OLD']],
    ['by words that none has', { search: 'submarine' }, []],
    ['by what only looks like a query', { search: `moon' & !` }, ['APOLLO']],
  ])('are listed %s', async (_how, query, keys) => {
    const { items } = await within(() => persistence.projects.page({ ...query, limit: 10 }));

    expect(items.map(({ key }) => key)).toEqual(keys);
  });

  it('are found by key', async () => {
    const found = await within(() => persistence.projects.findByKey(projectKey('APOLLO')));

    expect(found?.name).toBe(`Moon ${tenant.slug}`);
  });

  it('have their own tasks, with their assignees', async () => {
    await within(async () => {
      const project = await persistence.projects.getOrFail(id);
      const task = await persistence.projects.getTask(project, 1);

      expect(task).toMatchObject({
        title: `Build a rocket for ${tenant.slug}`,
        labels: ['steel', 'urgent'],
        status: 'open',
      });
      expect(task.project).toBe(project);
      expect(task.assignee?.id).toBe(ada);
      await expect(persistence.projects.getTask(project, 4)).rejects.toThrow(NotFound);
    });
  });

  it.each<[string, Omit<TaskQuery, 'limit'>, number[]]>([
    ['without a condition', {}, [1, 2, 3]],
    ['by words of the title', { search: 'rocket' }, [1, 3]],
    ['by label', { label: 'urgent' }, [1, 2]],
    ['by status', { status: 'done' }, [2]],
    ['by assignee', { assignee: ada }, [1]],
    ['by an assignee of nobody', { assignee: newId<'Member'>() }, []],
  ])('list their tasks %s', async (_how, query, numbers) => {
    const { items } = await within(async () =>
      persistence.projects.pageOfTasks(await persistence.projects.getOrFail(id), {
        ...query,
        limit: 10,
      }),
    );

    expect(items.map(({ number }) => number)).toEqual(numbers);
  });

  it('load the tasks they are asked for as a collection', async () => {
    await within(async () => {
      const project = await persistence.projects.getOrFail(id);
      await persistence.entityManager.populate([project], ['tasks'] as never);

      expect([...project.tasks].map(({ number }) => number).sort()).toEqual([1, 2, 3]);
    });
  });

  it('know whose tasks they have', async () => {
    expect(await within(() => persistence.projects.hasTasksOf(ada))).toBe(true);
    expect(await within(() => persistence.projects.hasTasksOf(newId<'Member'>()))).toBe(false);
  });
});

describe('two at once who add a task to one project', () => {
  it('each get a number of their own', async () => {
    const add = (title: string): Promise<number> =>
      persistence.as(acme, async () => {
        const project = await persistence.projects.getForChange(id);
        return project.addTask({ title }).number;
      });

    const numbers = await Promise.all([add('one'), add('two'), add('three')]);

    expect(numbers.sort()).toEqual([4, 5, 6]);
    const { lastTaskNumber, openTaskCount, version } = await persistence.as(acme, () =>
      persistence.projects.getOrFail(id),
    );
    expect({ lastTaskNumber, openTaskCount, version }).toEqual({
      lastTaskNumber: 6,
      openTaskCount: 5,
      version: 4,
    });
  });
});

describe('a project that is read again to be changed', () => {
  it('is as it is stored by then, and not as it was read before', async () => {
    await persistence.context.run(acme, async () => {
      const { version } = await persistence.projects.getOrFail(id);
      await persistence.as(acme, async () => {
        (await persistence.projects.getForChange(id)).change({ description: 'changed meanwhile' });
      });

      await persistence.unitOfWork.run(async () => {
        const project = await persistence.projects.getForChange(id);

        expect(project.description).toBe('changed meanwhile');
        expect(project.version).toBe(version + 1);
      });
    });
  });
});

describe('a project that two have read without waiting for each other', () => {
  it('is changed by the first, and the second is told', async () => {
    const rename = async (name: string, before: () => Promise<unknown>): Promise<void> =>
      persistence.as(globex, async () => {
        const project = await persistence.projects.getOrFail(id);
        await before();
        project.change({ name });
      });

    const late = rename('second', () => rename('first', () => Promise.resolve()));

    await expect(late).rejects.toMatchObject({ kind: 'stale', code: 'project-stale' });
    expect((await persistence.as(globex, () => persistence.projects.getOrFail(id))).name).toBe(
      'first',
    );
  });
});
