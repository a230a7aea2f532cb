import { newId, type Task, type TaskQuery } from '@tenantry/domain';
import type { MikroProjectRepository } from '../../repositories/mikro-project.repository.ts';
import type { TaskRepository } from '../../repositories/task.repository.ts';
import { anyRepository } from './any-repository.ts';
import { idOf, largeProject } from './large-placement.ts';
import type { Senders } from './sender.ts';

const page = { limit: 10 };
const dates = { createdAt: new Date(), updatedAt: new Date() };

/** Whatever the repositories of tasks and of their projects can be asked for of them. */
export function taskSenders(tasks: TaskRepository, projects: MikroProjectRepository): Senders {
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
    ...anyRepository<Task>(tasks, {
      row: taskRow,
      relations: ['project', 'assignee'],
      property: 'title',
    }),
    ...Object.fromEntries(
      Object.entries({ 'a project': idOf<'Project'>(2), 'a large project': largeProject }).flatMap(
        ([whose, id]) =>
          Object.entries(conditions).map(([name, query]) => [
            `pageOf ${whose} ${name}`,
            async () => projects.pageOfTasks(await projects.getOrFail(id), { ...page, ...query }),
          ]),
      ),
    ),
    getTask: async () => projects.getTask(await projects.getOrFail(idOf(2)), 3),
    'add, then remove': async () => {
      const project = await projects.getForChange(idOf(15));
      const task = project.addTask({ title: 'Nothing' });
      tasks.add(task);
      await tasks.getEntityManager().flush();
      tasks.remove(task);
    },
  };
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
