import type { EntityManager } from '@mikro-orm/postgresql';
import { email, Member, newId, Project, projectKey, Task } from '@tenantry/domain';
import fc from 'fast-check';
import { Laboratory } from '../isolation/laboratory.ts';
import { condition } from '../repositories/base.repository.ts';
import { IsolationViolation } from '../tenant-context/isolation-violation.ts';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import { type Condition, conditionsOn, type Values } from '../testing/conditions.ts';
import {
  acme,
  globex,
  initech,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';

const RUNS = { numRuns: 80 };
/** The tenant of the root comes first, and all that was asked for is beside it: none of that can be an alternative. */
const FILTERED =
  / from "shared"\."\w+" as "(\w+)"(?: (?:inner|left) join .*?)? where "\1"\."tenant_id" = \?(?: and |$)/;
const ENTITIES = [Member, Project, Task] as const;
type Entity = (typeof ENTITIES)[number];

const ids = Array.from({ length: 4 }, () => newId<never>());
const values: Values = {
  ids,
  tenantIds: [acme.id, globex.id],
  names: ['ada', 'bob', 'eve', 'ode'],
  labels: ['red', 'green'],
};

let persistence: Persistence;
/** Without row security, which would hide what the filter lets through. */
let filtered: Laboratory;

beforeAll(async () => {
  persistence = await startPersistence();
  filtered = new Laboratory(persistence.config, ['context', 'query', 'write']);
  for (const tenant of tenants) {
    await persistence.as(tenant, () => addRows());
  }
});

afterAll(async () => {
  await filtered.close();
  await persistence.stop();
});

/** The same ids and values for whoever it is called for. */
async function addRows(): Promise<void> {
  const people = values.names.map(
    (name, n) => new Member({ id: ids[n]!, email: email(`${name}@example.com`), name }),
  );
  people.forEach((member) => {
    persistence.members.add(member);
  });
  values.names.slice(0, 3).forEach((name, n) => {
    const project = new Project({ id: ids[n]!, key: projectKey(name.toUpperCase()), name });
    for (let task = 0; task < n + 1; task++) {
      project.addTask({
        id: ids[(n * (n + 1)) / 2 + task] ?? newTaskIds[task]!,
        title: values.names[(n + task) % 4]!,
        status: task === 0 ? 'open' : 'done',
        assignee: task === 1 ? null : people[(n + task) % 4],
        labels: values.labels.slice(task),
      });
    }
    persistence.projects.add(project);
  });
}

const newTaskIds = Array.from({ length: 3 }, () => newId<never>());

interface Found {
  readonly id: string;
  readonly tenantId: string;
}

interface Answer {
  readonly ids: readonly string[];
  readonly tenants: readonly string[];
  readonly counted: number;
  readonly page: readonly [ids: readonly string[], total: number];
}

/** What each way of asking finds. */
async function ask(
  entityManager: EntityManager,
  entity: Entity,
  where: Condition,
): Promise<Answer> {
  const on = condition(where);
  const order = { orderBy: condition({ id: 'asc' }) };
  const found = (await entityManager.find<object>(entity, on, order)) as Found[];
  const counted = await entityManager.count<object>(entity, on);
  const [page, total] = await entityManager.findAndCount<object>(entity, on, {
    ...order,
    limit: 2,
  });
  return {
    ids: found.map(({ id }) => id),
    tenants: [...new Set(found.map(({ tenantId }) => tenantId))],
    counted,
    page: [(page as Found[]).map(({ id }) => id), total],
  };
}

/** The same condition for a tenant who is alone in a placement, and so needs no filter. */
function asAlone(where: Condition): Condition {
  return JSON.parse(JSON.stringify(where).replaceAll(acme.id, initech.id)) as Condition;
}

describe.each(ENTITIES.map((entity) => [entity.name, entity] as const))(
  'any condition on %s',
  (_name, entity) => {
    const conditions = conditionsOn(entity, values);
    const by = (laboratory: Laboratory, tenant: PlacedTenant, where: Condition) =>
      laboratory.as(tenant, (entityManager) => ask(entityManager, entity, where));
    /** MikroORM cannot make SQL of some conditions with `$not` around relations; what it refuses shows nobody anything. */
    const orRefused = (answer: Promise<Answer>): Promise<Answer | 'refused'> =>
      answer.catch((error: unknown) => {
        if (error instanceof IsolationViolation) {
          throw error;
        }
        return 'refused';
      });

    it('finds what it would if there were no other tenant, by the filter alone', async () => {
      let answers = 0;
      let hits = 0;
      await fc.assert(
        fc.asyncProperty(conditions, async (where) => {
          const found = await orRefused(by(filtered, acme, where));
          const alone = await orRefused(by(filtered, initech, asAlone(where)));

          if (found === 'refused' || alone === 'refused') {
            expect(found).toBe(alone);
            return;
          }
          expect(found).toEqual({ ...alone, tenants: found.counted > 0 ? [acme.id] : [] });
          answers++;
          hits += found.counted;
        }),
        RUNS,
      );
      // Conditions that cannot be asked, or that find nothing, would prove nothing.
      expect(answers).toBeGreaterThan(RUNS.numRuns * 0.8);
      expect(hits).toBeGreaterThan(RUNS.numRuns / 4);
    });

    it('has the tenant in its SQL', async () => {
      await fc.assert(
        fc.asyncProperty(conditions, async (where) => {
          const queries = await persistence.queriesOf(() =>
            orRefused(persistence.as(acme, () => ask(persistence.orm.em, entity, where))),
          );

          const reads = queries.filter((query) => query.includes(' from '));
          expect(reads.length).toBeGreaterThan(0);
          for (const query of reads) {
            expect(query).toMatch(FILTERED);
          }
        }),
        { numRuns: 30 },
      );
    });

    it('finds rows of others where the filter has been taken away', async () => {
      const bare = new Laboratory(persistence.config, ['context', 'write']);

      const { tenants: seen } = await by(bare, acme, { $or: [{ id: { $in: ids } }] });
      await bare.close();

      expect([...seen].sort()).toEqual([acme.id, globex.id].sort());
    });
  },
);
