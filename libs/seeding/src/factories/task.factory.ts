import { type Member, type NewTask, TASK_STATUSES } from '@tenantry/domain';
import { type EdgeCaseName, edgeCaseOf, textOf } from './edge-cases.ts';
import { factoryId } from './factory-id.ts';
import type { Recipe } from './recipe.ts';
import { oneOf, scatter, scatterText } from './scatter.ts';

const LONGEST_TITLE = 500;
const MOST_LABELS = 20;
const LONGEST_LABEL = 40;

/** Emoji are not allowed in them. */
const LABELS: Partial<Record<EdgeCaseName, readonly string[]>> = {
  longest: Array.from({ length: MOST_LABELS }, (_, at) => `${at} `.padEnd(LONGEST_LABEL, 'label')),
  chinese: ['緊急', '日本語'],
  rightToLeft: ['\u0639\u0627\u062c\u0644'],
  combining: ['e\u0301tude'],
};

/** What is around a task. */
export interface TaskSurroundings {
  /** Those who may have it; with none nobody has it. */
  readonly team: readonly Member[];
  /** Whether its project may have no open tasks. */
  readonly isDone: boolean;
}

/** What tasks are made of. A quarter of them has no assignee, a third no label. */
export class TaskFactory {
  private readonly salt: number;

  constructor(private readonly recipe: Recipe) {
    this.salt = scatter(recipe.seed, scatterText(recipe.owner), 3);
  }

  /** @param index among all tasks of the tenant */
  data(index: number, { team, isDone }: TaskSurroundings): NewTask {
    const { seed, wording } = this.recipe;
    const chance = scatter(this.salt, index);
    const isNobodys = index % 4 === 3 || team.length === 0;
    return {
      id: factoryId('task', seed, index),
      title: textOf(index, LONGEST_TITLE, () => wording.taskTitle(chance)),
      status: isDone ? 'done' : oneOf(TASK_STATUSES, index),
      assignee: isNobodys ? null : oneOf(team, chance),
      labels: this.labels(index, chance),
    };
  }

  private labels(index: number, chance: number): readonly string[] {
    const edgeCase = edgeCaseOf(index);
    return (
      (edgeCase && LABELS[edgeCase]) ??
      Array.from({ length: index % 3 }, (_, at) => this.recipe.wording.label(chance + at))
    );
  }
}
