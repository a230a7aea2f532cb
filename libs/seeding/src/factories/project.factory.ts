import {
  type Member,
  Project,
  type ProjectKey,
  projectKey,
  type ProjectSettings,
} from '@tenantry/domain';
import { edgeCaseOf, textOf } from './edge-cases.ts';
import { factoryId } from './factory-id.ts';
import { MemberFactory } from './member.factory.ts';
import type { Recipe } from './recipe.ts';
import { oneOf, scatter, scatterText } from './scatter.ts';
import { TaskFactory } from './task.factory.ts';

const LONGEST_NAME = 200;
const LONGEST_DESCRIPTION = 10_000;
const MOST_IN_A_TEAM = 5;
const ICONS = ['rocket', 'inbox', 'flag', 'bell-slash'];

/** How projects end up, one after the other and again from the first. */
const FATES = ['active', 'active', 'on-hold', 'active', 'active', 'archived', 'completed'] as const;

/** The tasks of a project, and who may have them. */
export interface ProjectContents {
  readonly tasks?: number;
  /** The index of the first of them among all tasks of the tenant. */
  readonly firstTask?: number;
  /** How many members the tenant has: those of index 0 to one less. */
  readonly members?: number;
}

/** Projects with their tasks. Those that are archived or completed have none that is open. */
export class ProjectFactory {
  private readonly salt: number;
  private readonly members: MemberFactory;
  private readonly tasks: TaskFactory;

  constructor(private readonly recipe: Recipe) {
    this.salt = scatter(recipe.seed, scatterText(recipe.owner), 2);
    this.members = new MemberFactory(recipe);
    this.tasks = new TaskFactory(recipe);
  }

  make(index: number, contents: ProjectContents = {}): Project {
    const { tasks = 0, firstTask = 0, members = 0 } = contents;
    const fate = oneOf(FATES, index);
    const isDone = fate === 'archived' || fate === 'completed';
    const team = this.team(index, tasks === 0 ? 0 : members);
    const project = this.empty(index);
    for (let task = firstTask; task < firstTask + tasks; task += 1) {
      project.addTask(this.tasks.data(task, { team, isDone }));
    }
    if (fate === 'archived') {
      project.archive();
    } else {
      project.change({ status: fate });
    }
    return project;
  }

  private empty(index: number): Project {
    const { seed, wording } = this.recipe;
    const chance = scatter(this.salt, index);
    return new Project({
      id: factoryId('project', seed, index),
      key: keyOf(index),
      name: textOf(index, LONGEST_NAME, () => wording.projectName(chance)),
      description:
        index % 3 === 2
          ? ''
          : textOf(index, LONGEST_DESCRIPTION, () => wording.description(chance)),
      settings: settingsOf(index, chance),
    });
  }

  /** Some of the members, some of them perhaps twice. */
  private team(index: number, members: number): readonly Member[] {
    return Array.from({ length: Math.min(members, MOST_IN_A_TEAM) }, (_, at) =>
      this.members.make(scatter(this.salt, index, at) % members),
    );
  }
}

function keyOf(index: number): ProjectKey {
  const number = String(index + 1);
  return projectKey(`P${edgeCaseOf(index) === 'longest' ? number.padStart(9, '0') : number}`);
}

function settingsOf(index: number, chance: number): ProjectSettings {
  return index % 4 === 3
    ? {}
    : {
        color: `#${(chance % 0x100_0000).toString(16).padStart(6, '0')}`,
        icon: oneOf(ICONS, index),
      };
}
