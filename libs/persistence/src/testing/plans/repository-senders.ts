import { Member, Project, Task } from '@tenantry/domain';
import type { MikroMemberRepository } from '../../repositories/mikro-member.repository.ts';
import type { MikroProjectRepository } from '../../repositories/mikro-project.repository.ts';
import type { TaskRepository } from '../../repositories/task.repository.ts';
import type { Persistence } from '../persistence-harness.ts';
import { memberSenders } from './member-senders.ts';
import { projectSenders } from './project-senders.ts';
import { type Sender, sendersOf } from './sender.ts';
import { taskSenders } from './task-senders.ts';

/** Whatever the repositories of tenant-owned entities can be asked for: all of their methods, with all conditions they take. */
export function repositorySenders({
  entityManager,
}: Pick<Persistence, 'entityManager'>): readonly Sender[] {
  const members = entityManager.getRepository<Member, MikroMemberRepository>(Member);
  const projects = entityManager.getRepository<Project, MikroProjectRepository>(Project);
  const tasks = entityManager.getRepository<Task, TaskRepository>(Task);
  return [
    ...sendersOf('members', memberSenders(members)),
    ...sendersOf('projects', projectSenders(projects)),
    ...sendersOf('tasks', taskSenders(tasks, projects)),
  ];
}
