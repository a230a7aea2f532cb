import { newId, Project, projectKey, type ProjectQuery } from '@tenantry/domain';
import type { MikroProjectRepository } from '../../repositories/mikro-project.repository.ts';
import { anyRepository } from './any-repository.ts';
import { idOf } from './large-placement.ts';
import type { Senders } from './sender.ts';

const page = { limit: 10 };

/** What lists of projects can be asked for. */
export const PROJECT_CONDITIONS: Readonly<Record<string, Partial<ProjectQuery>>> = {
  'of all': {},
  'after another': { after: idOf(100) },
  archived: { archived: true },
  'by status': { status: 'completed' },
  'by a common word': { search: 'common' },
  'by a rare word': { search: 'rare' },
  'by a word that none has': { search: 'submarine' },
  'by everything': { search: 'rare words', status: 'active', archived: true, after: idOf(30) },
};

/** Whatever the repository of projects can be asked for, but for their tasks. */
export function projectSenders(projects: MikroProjectRepository): Senders {
  return {
    ...anyRepository<Project>(projects, {
      row: projectRow,
      relations: ['tasks'],
      property: 'status',
    }),
    ...Object.fromEntries(
      Object.entries(PROJECT_CONDITIONS).map(([name, query]) => [
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

function aProject(): Project {
  const project = new Project({
    key: projectKey(`K${newId().slice(-8).toUpperCase()}`),
    name: 'One',
  });
  project.addTask({ title: 'First' });
  project.addTask({ title: 'Second' });
  return project;
}

function projectRow(): object {
  const { id, createdAt, updatedAt, key, name, description, status } = aProject();
  const counts = { lastTaskNumber: 0, openTaskCount: 0 };
  return { id, createdAt, updatedAt, key, name, description, status, settings: {}, ...counts };
}
