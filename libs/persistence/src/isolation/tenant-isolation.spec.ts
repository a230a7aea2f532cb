import type { EntityManager } from '@mikro-orm/postgresql';
import { email, Member, type Id, newId, Project, projectKey, Task } from '@tenantry/domain';
import { entityMappings } from '../mapping/mappings.ts';
import {
  acme,
  globex,
  initech,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import type { Effect } from './attack.ts';
import { ATTACKS, describeTenantIsolation } from './describe-tenant-isolation.ts';
import { Experiment, type Subject } from './experiment.ts';
import { type Ring, RINGS } from './laboratory.ts';

let persistence: Persistence;

beforeAll(async () => {
  persistence = await startPersistence();
});

afterAll(() => persistence.stop());

/** How an example of each tenant-owned class is stored. */
const STORE = new Map<unknown, (entityManager: EntityManager, id: never) => unknown>([
  [
    Member,
    (entityManager, id) =>
      entityManager.persist(
        new Member({ id, email: email(`${String(id)}@example.com`), name: 'Ada' }),
      ),
  ],
  [
    Project,
    (entityManager, id) => {
      const project = aProject(id);
      project.addTask({ title: 'a task' });
      return entityManager.persist(project);
    },
  ],
  [
    Task,
    (entityManager, id) => {
      const project = aProject(newId());
      project.addTask({ id, title: 'a task' });
      return entityManager.persist(project);
    },
  ],
]);

function aProject(id: Id<'Project'>): Project {
  return new Project({ id, key: projectKey(`P${id.slice(-8).toUpperCase()}`), name: 'a project' });
}

const subjectOf = (entity: unknown, victim = globex): Subject => ({
  entity: entity as Subject['entity'],
  attacker: acme,
  victim,
  store: (entityManager, id) => {
    const store = STORE.get(entity);
    if (!store) {
      throw new Error('Say in STORE how an example of this entity is stored.');
    }
    return store(entityManager, id);
  },
});

// From the mapping, so that a new entity cannot be forgotten.
for (const { meta } of entityMappings) {
  for (const victim of [globex, initech]) {
    describeTenantIsolation({ ...subjectOf(meta.class, victim), config: () => persistence.config });
  }
}

describe('the rings', () => {
  const columns: Readonly<Record<string, readonly Ring[]>> = {
    all: RINGS,
    ...Object.fromEntries(
      RINGS.map((ring) => [`−${ring}`, RINGS.filter((other) => other !== ring)]),
    ),
    ...Object.fromEntries(RINGS.map((ring) => [`only ${ring}`, [ring]])),
    none: [],
  };
  const effects = new Map<string, ReadonlyMap<string, Effect>>();
  const leaksOf = (column: string): string[] =>
    ATTACKS.map(({ way }) => way).filter((way) => effects.get(column)!.get(way) === 'leaks');

  beforeAll(async () => {
    const experiment = new Experiment(persistence.config, subjectOf(Task));
    for (const [name, rings] of Object.entries(columns)) {
      effects.set(name, await experiment.effects(ATTACKS, rings));
    }
    await experiment.close();
    const names = Object.keys(columns);
    const rows = ATTACKS.map(({ way }) => [
      way,
      ...names.map((name) => effects.get(name)!.get(way)!),
    ]);
    process.stdout.write(`\n${table([['way to SQL', ...names], ...rows])}\n`);
  }, 120_000);

  const THE_OTHERS = [
    'the other’s identity map',
    'the other’s entity manager',
    'a fork of the other’s',
    'the other’s entity, refreshed',
    'the other’s entity manager, flushed',
  ];
  const PAST_THE_ORM = [
    'query builder, count',
    'SQL',
    'SQL, union',
    'Kysely',
    'query builder, update',
    'query builder, delete',
    'SQL, update',
    'SQL, delete',
    'Kysely, delete',
  ];

  it.each<[string, string[]]>([
    ['all', []],
    // What has been handed over: row security lets it through, since it is the other's own.
    ['−context', THE_OTHERS],
    ['−query', []],
    ['−write', []],
    // What has no filter: nothing but the database sees its rows.
    ['−database', PAST_THE_ORM],
    ['only database', THE_OTHERS],
  ])('%s: leaks exactly where it is said to', (column, leaks) => {
    expect(leaksOf(column)).toEqual(leaks);
  });

  it.each(RINGS)('%s alone stops some of what gets through without any', (ring) => {
    expect(leaksOf(`only ${ring}`).length).toBeLessThan(leaksOf('none').length);
  });
});

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '))
    .join('\n');
}
