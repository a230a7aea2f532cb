import {
  email,
  Member,
  newId,
  Project,
  projectKey,
  type ProjectQuery,
  Task,
  type TaskQuery,
} from '@tenantry/domain';
import type { MikroMemberRepository } from '../../repositories/mikro-member.repository.ts';
import type { MikroProjectRepository } from '../../repositories/mikro-project.repository.ts';
import type { TaskRepository } from '../../repositories/task.repository.ts';
import type { Persistence } from '../persistence-harness.ts';
import { anyRepository } from './any-repository.ts';
import { idOf } from './large-placement.ts';
import { type Sender, type Senders, sendersOf } from './sender.ts';

const page = { limit: 10 };
const dates = { createdAt: new Date(), updatedAt: new Date() };
const anEmail = (): ReturnType<typeof email> => email(`${newId()}@example.com`);
const aKey = (): ReturnType<typeof projectKey> => projectKey(`K${newId().slice(-8).toUpperCase()}`);

/** Whatever the repositories of tenant-owned entities can be asked for: all of their methods, with all conditions they take. */
export function repositorySenders({
  entityManager,
}: Pick<Persistence, 'entityManager'>): readonly Sender[] {
  const members = entityManager.getRepository<Member, MikroMemberRepository>(Member);
  const projects = entityManager.getRepository<Project, MikroProjectRepository>(Project);
  const tasks = entityManager.getRepository<Task, TaskRepository>(Task);
  return [
    ...sendersOf('members', {
      ...anyRepository<Member>(members, {
        row: () => ({ ...dates, id: newId(), email: anEmail(), name: 'Ada' }),
        relations: [],
        property: 'name',
      }),
      ...ofMembers(members),
    }),
    ...sendersOf('projects', {
      ...anyRepository<Project>(projects, {
        row: projectRow,
        relations: ['tasks'],
        property: 'status',
      }),
      ...ofProjects(projects),
    }),
    ...sendersOf('tasks', {
      ...anyRepository<Task>(tasks, {
        row: taskRow,
        relations: ['project', 'assignee'],
        property: 'title',
      }),
      ...ofTasks(projects),
    }),
  ];
}

function ofMembers(members: MikroMemberRepository): Senders {
  return {
    findByEmail: () => members.findByEmail(email('Member7@example.com')),
    'findByEmail of nobody': () => members.findByEmail(email('nobody@example.com')),
    page: () => members.page(page),
    'page after another': () => members.page({ ...page, after: idOf(100) }),
    add: () => {
      members.add(new Member({ email: anEmail(), name: 'Ada' }));
    },
    'add, then change': async () => {
      (await members.getForChange(idOf(9))).rename(newId());
    },
    remove: async () => {
      // Nobody has given a task to a member that is new.
      const member = new Member({ email: anEmail(), name: 'Eve' });
      members.add(member);
      await members.getEntityManager().flush();
      members.remove(member);
    },
  };
}

function ofProjects(projects: MikroProjectRepository): Senders {
  const conditions: Readonly<Record<string, Partial<ProjectQuery>>> = {
    'of all': {},
    'after another': { after: idOf(100) },
    archived: { archived: true },
    'by status': { status: 'completed' },
    'by a common word': { search: 'common' },
    'by a rare word': { search: 'rare' },
    'by a word that none has': { search: 'submarine' },
    'by everything': { search: 'rare words', status: 'active', archived: true, after: idOf(30) },
  };
  return {
    ...Object.fromEntries(
      Object.entries(conditions).map(([name, query]) => [
        `page ${name}`,
        () => projects.page({ ...page, ...query }),
      ]),
    ),
    findByKey: () => projects.findByKey(projectKey('P7')),
    hasTasksOf: () => projects.hasTasksOf(idOf(3)),
    'hasTasksOf nobody': () => projects.hasTasksOf(idOf(1_000_000)),
    add: () => {
      projects.add(aProject());
    },
    'add, then change with its tasks': async () => {
      const project = await projects.getForChange(idOf(12));
      for (const number of [2, 3]) {
        project.changeTask(await projects.getTask(project, number), { title: newId() });
      }
      project.addTask({ title: 'One more' });
    },
    remove: async () => {
      const project = aProject();
      projects.add(project);
      await projects.getEntityManager().flush();
      projects.remove(project);
    },
  };
}

function ofTasks(projects: MikroProjectRepository): Senders {
  const conditions: Readonly<Record<string, Partial<TaskQuery>>> = {
    'of all': {},
    'after another': { after: idOf(13) },
    'by status': { status: 'done' },
    'by assignee': { assignee: idOf(3) },
    'by a usual label': { label: 'usual' },
    'by a label that none has': { label: 'none' },
    'by a common word': { search: 'common' },
    'by a rare word': { search: 'rare' },
    'by everything': {
      search: 'rare task',
      status: 'open',
      assignee: idOf(3),
      label: 'usual',
      after: idOf(13),
    },
  };
  return {
    ...Object.fromEntries(
      Object.entries(conditions).map(([name, query]) => [
        `pageOf a project ${name}`,
        async () => projects.pageOfTasks(await projects.getOrFail(idOf(2)), { ...page, ...query }),
      ]),
    ),
    getTask: async () => projects.getTask(await projects.getOrFail(idOf(2)), 3),
    'add, then remove': async () => {
      const tasks = projects.getEntityManager().getRepository<Task, TaskRepository>(Task);
      const project = await projects.getForChange(idOf(15));
      const task = project.addTask({ title: 'Nothing' });
      tasks.add(task);
      await tasks.getEntityManager().flush();
      tasks.remove(task);
    },
  };
}

function aProject(): Project {
  const project = new Project({ key: aKey(), name: 'One' });
  project.addTask({ title: 'First' });
  project.addTask({ title: 'Second' });
  return project;
}

function projectRow(): object {
  const { key, name, description, status, settings, lastTaskNumber, openTaskCount, id } =
    new Project({
      key: aKey(),
      name: 'One',
    });
  return { ...dates, id, key, name, description, status, settings, lastTaskNumber, openTaskCount };
}

let number = 1_000;
function taskRow(tenantId: string): object {
  const project = [tenantId, idOf(16)];
  return {
    ...dates,
    id: newId(),
    project,
    number: number++,
    title: 'One',
    status: 'open',
    labels: [],
  };
}
