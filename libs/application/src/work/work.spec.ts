import {
  Conflict,
  email,
  Member,
  type MemberRepository,
  newId,
  NotFound,
  Project,
  projectKey,
  type ProjectRepository,
  RuleViolation,
  StaleVersion,
} from '@tenantry/domain';
import { PlainUnitOfWork } from '../testing/plain-unit-of-work.ts';
import { port } from '../testing/port.ts';
import { AddMember } from './add-member.ts';
import { AddTask } from './add-task.ts';
import { ChangeProject } from './change-project.ts';
import { ChangeTask } from './change-task.ts';
import { ReadProjects } from './read-projects.ts';
import { RemoveMember } from './remove-member.ts';
import { RenameMember } from './rename-member.ts';
import { StartProject } from './start-project.ts';

const ada = new Member({ email: email('ada@example.com'), name: 'Ada' });
const aProject = (): Project => new Project({ key: projectKey('ONE'), name: 'One' });
const projectsWith = (project: Project, more: Partial<ProjectRepository> = {}): ProjectRepository =>
  port<ProjectRepository>({
    getForChange: async (id) =>
      id === project.id ? project : Promise.reject(new NotFound('project')),
    getTask: async (_project, number) =>
      [...project.tasks].find((task) => task.number === number) ??
      Promise.reject(new NotFound('task')),
    ...more,
  });
const members = port<MemberRepository>({ findById: async (id) => (id === ada.id ? ada : null) });

describe('adding a member', () => {
  it('adds one whose address is new', async () => {
    const added: Member[] = [];
    const addMember = new AddMember(
      new PlainUnitOfWork(),
      port<MemberRepository>({
        findByEmail: async () => null,
        add: (member) => {
          added.push(member);
        },
      }),
    );

    const member = await addMember.run({ email: email('bob@example.com'), name: 'Bob' });

    expect(added).toEqual([member]);
  });

  it('refuses an address that is taken', async () => {
    const addMember = new AddMember(
      new PlainUnitOfWork(),
      port<MemberRepository>({ findByEmail: async () => ada }),
    );

    await expect(addMember.run({ email: email('ada@example.com'), name: 'Ada' })).rejects.toThrow(
      Conflict,
    );
  });
});

describe('renaming a member', () => {
  it('renames the one that is meant', async () => {
    const renameMember = new RenameMember(
      new PlainUnitOfWork(),
      port<MemberRepository>({ getForChange: async () => ada }),
    );

    expect(await renameMember.run(ada.id, 'Ada Lovelace')).toMatchObject({ name: 'Ada Lovelace' });
  });
});

describe('removing a member', () => {
  const removing = (hasTasks: boolean) => {
    const removed: Member[] = [];
    const removeMember = new RemoveMember(
      new PlainUnitOfWork(),
      port<MemberRepository>({
        getForChange: async () => ada,
        remove: (member) => {
          removed.push(member);
        },
      }),
      port<ProjectRepository>({ hasTasksOf: async () => hasTasks }),
    );
    return { removed, removeMember };
  };

  it('who has no tasks removes them', async () => {
    const { removed, removeMember } = removing(false);

    await removeMember.run(ada.id);

    expect(removed).toEqual([ada]);
  });

  it('who has tasks is refused', async () => {
    const { removed, removeMember } = removing(true);

    await expect(removeMember.run(ada.id)).rejects.toThrow(Conflict);
    expect(removed).toEqual([]);
  });
});

describe('starting a project', () => {
  it('refuses a key that is taken', async () => {
    const startProject = new StartProject(
      new PlainUnitOfWork(),
      port<ProjectRepository>({ findByKey: async () => aProject() }),
    );

    await expect(startProject.run({ key: projectKey('ONE'), name: 'Other' })).rejects.toThrow(
      Conflict,
    );
  });

  it('adds one whose key is new', async () => {
    const added: Project[] = [];
    const startProject = new StartProject(
      new PlainUnitOfWork(),
      port<ProjectRepository>({
        findByKey: async () => null,
        add: (project) => {
          added.push(project);
        },
      }),
    );

    const project = await startProject.run({ key: projectKey('TWO'), name: 'Two' });

    expect(added).toEqual([project]);
  });
});

describe('changing a project', () => {
  const changing = (project: Project): ChangeProject =>
    new ChangeProject(new PlainUnitOfWork(), projectsWith(project));

  it('at the version that was seen changes it', async () => {
    const project = aProject();

    await changing(project).run(project.id, { name: 'Uno' }, 1);

    expect(project.name).toBe('Uno');
  });

  it('at another version is refused, and changes nothing', async () => {
    const project = aProject();

    await expect(changing(project).run(project.id, { name: 'Uno' }, 7)).rejects.toThrow(
      StaleVersion,
    );
    expect(project.name).toBe('One');
  });

  it('restores before it changes, and archives after', async () => {
    const project = aProject();
    project.archive();

    await changing(project).run(project.id, { archived: false, name: 'Uno' });
    expect(project).toMatchObject({ isArchived: false, name: 'Uno' });
    await changing(project).run(project.id, { archived: true, name: 'One' });
    expect(project).toMatchObject({ isArchived: true, name: 'One' });
  });

  it('to what it is already is no error', async () => {
    const project = aProject();

    await changing(project).run(project.id, { archived: false });
    await changing(project).run(project.id, { archived: true });
    await changing(project).run(project.id, { archived: true });

    expect(project.isArchived).toBe(true);
  });
});

describe('adding and changing a task', () => {
  it('gives it to a member', async () => {
    const project = aProject();

    const task = await new AddTask(new PlainUnitOfWork(), projectsWith(project), members).run(
      project.id,
      { title: 'x', assigneeId: ada.id },
    );
    expect(task).toMatchObject({ number: 1, assignee: ada });

    await new ChangeTask(new PlainUnitOfWork(), projectsWith(project), members).run(project.id, 1, {
      assigneeId: null,
      status: 'done',
    });
    expect(task).toMatchObject({ assignee: null, status: 'done' });
    expect(project.openTaskCount).toBe(0);
  });

  it('leaves the assignee alone when nothing is said of it', async () => {
    const project = aProject();
    const task = project.addTask({ title: 'x', assignee: ada });

    await new ChangeTask(new PlainUnitOfWork(), projectsWith(project), members).run(project.id, 1, {
      title: 'y',
    });

    expect(task).toMatchObject({ title: 'y', assignee: ada });
  });

  it('refuses an assignee who is no member', async () => {
    const project = aProject();
    const adding = new AddTask(new PlainUnitOfWork(), projectsWith(project), members).run(
      project.id,
      { title: 'x', assigneeId: newId() },
    );

    await expect(adding).rejects.toThrow(RuleViolation);
    expect(project.lastTaskNumber).toBe(0);
  });
});

describe('reading', () => {
  it('is done in a read-only unit of work', async () => {
    const unitOfWork = new PlainUnitOfWork();
    const project = aProject();
    project.addTask({ title: 'x' });
    const read = new ReadProjects(
      unitOfWork,
      projectsWith(project, {
        getOrFail: async () => project,
        pageOfTasks: async () => ({ items: [], next: null }),
      }),
    );

    await read.one(project.id);
    await read.task(project.id, 1);
    await read.tasks(project.id, { limit: 1 });

    expect(unitOfWork.runs).toEqual(Array(3).fill({ readOnly: true }));
  });
});
