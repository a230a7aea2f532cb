import type { EntityManager } from '@mikro-orm/postgresql';
import { Member, Project, Task } from '@tenantry/domain';
import { insertInBulk } from '@tenantry/persistence';
import { BaseSeeder, type SeedResult, type SeedTask } from '../base.seeder.ts';
import { checksumOf } from '../checksum.ts';
import { factoryIds } from '../factories/factory-id.ts';
import type { Recipe } from '../factories/recipe.ts';
import type { Wording } from '../factories/wording.ts';
import type { LoadPlan, PlannedTenant, RowCounts } from './load-plan.ts';
import { inChunks, membersOf, projectsOf } from './load-rows.ts';

/** What is in memory at a time. More at once is not faster. */
const CHUNK_ROWS = 2_000;
const MINUTE_MS = 60_000;

/**
 * The rows of a load, tenant by tenant. What it has made of them before is replaced when it is to be something else; what
 * people have made beside that stays. No domain events are stored: nobody is to be told of a million projects.
 *
 * By multi-row inserts, since PostgreSQL refuses COPY to whom row security binds (0A000), and it binds in every placement.
 */
export class LoadRowsSeeder extends BaseSeeder {
  override readonly name = 'load.rows';
  override readonly scope = 'tenant';
  override readonly profiles = ['load'] as const;
  override readonly timeouts = {
    statementTimeoutMs: 10 * MINUTE_MS,
    transactionTimeoutMs: 60 * MINUTE_MS,
  };
  private readonly planned: ReadonlyMap<string, PlannedTenant>;

  constructor(
    private readonly plan: LoadPlan,
    private readonly wording: () => Promise<Wording>,
    override readonly dependsOn: readonly string[],
  ) {
    super();
    this.planned = new Map(plan.tenants.map((tenant) => [tenant.slug, tenant]));
  }

  override size(target: string): number {
    const { members, projects, tasks } = this.countsOf(target);
    return members + projects + tasks;
  }

  override checksum(target: string): string {
    return checksumOf({ seed: this.plan.seed, ...this.countsOf(target) });
  }

  override async seed(
    entityManager: EntityManager,
    { target, items }: SeedTask,
  ): Promise<SeedResult> {
    const { seed } = this.plan;
    for (const earlier of Object.keys(items)) {
      await removeMade(entityManager, Number(earlier));
    }
    const counts = this.countsOf(target);
    const recipe: Recipe = { seed, owner: target, wording: await this.wording() };
    for (const members of inChunks(membersOf(recipe, counts), CHUNK_ROWS)) {
      await insertInBulk(entityManager, Member, members);
    }
    for (const projects of this.projectsInChunks(recipe, counts)) {
      await insertInBulk(entityManager, Project, projects);
    }
    // Made once more, for their tasks. How PostgreSQL looks a task's project up is planned by what is there at the first of
    // them: beside a few projects it takes an index that makes it read all of the tenant's each time.
    for (const projects of this.projectsInChunks(recipe, counts)) {
      const tasks = projects.flatMap((project) => [...project.tasks]);
      await insertInBulk(entityManager, Task, tasks);
    }
    return {
      counts: { inserted: this.size(target), updated: 0, unchanged: 0, kept: 0 },
      // By the seed number, from which the ids of all that was made can be told.
      items: { [seed]: this.checksum(target) },
    };
  }

  override async truncate(entityManager: EntityManager): Promise<void> {
    await entityManager.nativeDelete(Task, {});
    await entityManager.nativeDelete(Project, {});
    await entityManager.nativeDelete(Member, {});
  }

  private projectsInChunks(recipe: Recipe, counts: RowCounts): Iterable<readonly Project[]> {
    const weightOf = (project: Project): number => 1 + project.lastTaskNumber;
    return inChunks(projectsOf(recipe, counts), CHUNK_ROWS, weightOf);
  }

  private countsOf(target: string): RowCounts {
    const { members = 0, projects = 0, tasks = 0 } = this.planned.get(target) ?? {};
    return { members, projects, tasks };
  }
}

/** The tasks of the projects go with them; others that a member has are nobody's then. */
async function removeMade(entityManager: EntityManager, seed: number): Promise<void> {
  const members = factoryIds('member', seed);
  await entityManager.nativeDelete(Project, { id: factoryIds('project', seed) } as object);
  await entityManager.nativeUpdate(Task, { assignee: { id: members } } as object, {
    assignee: null,
  });
  await entityManager.nativeDelete(Member, { id: members } as object);
}
