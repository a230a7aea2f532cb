import type { Member, Project } from '@tenantry/domain';
import { MemberFactory } from '../factories/member.factory.ts';
import { ProjectFactory } from '../factories/project.factory.ts';
import type { Recipe } from '../factories/recipe.ts';
import type { RowCounts } from './load-plan.ts';
import { repeating, share } from './skew.ts';

/** How many tasks projects have, in proportion to each other; some have none. */
const TASKS = [4, 1, 2, 6, 0, 3, 1, 5, 0];

/** One after the other, never all at once. */
export function* membersOf(recipe: Recipe, { members }: RowCounts): Generator<Member> {
  const factory = new MemberFactory(recipe);
  for (let index = 0; index < members; index += 1) {
    yield factory.make(index);
  }
}

/** One after the other, each with its tasks. */
export function* projectsOf(recipe: Recipe, counts: RowCounts): Generator<Project> {
  const factory = new ProjectFactory(recipe);
  const scale = repeating(TASKS, counts.projects);
  let firstTask = 0;
  for (let index = 0; index < counts.projects; index += 1) {
    const tasks = share(counts.tasks, scale, index);
    yield factory.make(index, { tasks, firstTask, members: counts.members });
    firstTask += tasks;
  }
}

/** In lists that weigh about `size`, the last one less. */
export function* inChunks<Item>(
  items: Iterable<Item>,
  size: number,
  weightOf: (item: Item) => number = () => 1,
): Generator<readonly Item[]> {
  let chunk: Item[] = [];
  let weight = 0;
  for (const item of items) {
    chunk.push(item);
    weight += weightOf(item);
    if (weight >= size) {
      yield chunk;
      chunk = [];
      weight = 0;
    }
  }
  if (chunk.length > 0) {
    yield chunk;
  }
}
