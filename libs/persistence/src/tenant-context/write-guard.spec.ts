import type { EntityManager } from '@mikro-orm/postgresql';
import { email, Member, newId, Project, projectKey, Task } from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';
import { EntityOfAnotherScope, IsolationViolation } from './isolation-violation.ts';

let persistence: Persistence;
const memberId = newId<'Member'>();
const projectId = newId<'Project'>();

beforeAll(async () => {
  persistence = await startPersistence();
});

beforeEach(async () => {
  for (const tenant of tenants) {
    await persistence.as(tenant, async () => {
      const ada = new Member({ id: memberId, email: email('ada@example.com'), name: tenant.slug });
      const project = new Project({ id: projectId, key: projectKey('ONE'), name: tenant.slug });
      project.addTask({ title: tenant.slug });
      persistence.members.add(ada);
      persistence.projects.add(project);
    });
  }
});

afterEach(async () => {
  for (const { schema } of tenants) {
    await persistence.asOwner(`delete from "${schema}".project`);
    await persistence.asOwner(`delete from "${schema}".member`);
  }
});

afterAll(() => persistence.stop());

/** What is globex's, with the same ids as acme's. */
interface Foreign {
  readonly member: Member;
  readonly task: Task;
}

// Not in a unit of work: what that leaves behind is frozen, which would stop some of it before the guard does.
const takeFromGlobex = (): Promise<Foreign> =>
  persistence.context.run(globex, async () => {
    const project = await persistence.projects.getOrFail(projectId);
    return {
      member: await persistence.members.getOrFail(memberId),
      task: await persistence.projects.getTask(project, 1),
    };
  });

const everything = (): Promise<object[]> =>
  persistence.asOwner(
    `select m::text as row from shared.member m union all select p::text from shared.project p
     union all select t::text from shared.task t order by 1`,
  );

/** The entity manager, and acme's own. */
type Use = (
  entityManager: EntityManager,
  foreign: Foreign,
  own: { member: Member; project: Project },
) => unknown;

const foreignRow = { tenantId: globex.id, id: memberId, email: 'x', name: 'stolen' };

describe('in a tenant’s scope', () => {
  it.each<[string, Use]>([
    ['persisted', (em, { member }) => em.persist(member)],
    ['persisted among others', (em, { member }, own) => em.persist([own.member, member])],
    ['removed', (em, { member }) => em.remove(member)],
    ['merged', (em, { member }) => em.merge(member)],
    ['merged by its values', (em, { member }) => em.merge(Member, Object.assign({}, member))],
    ['assigned to', (em, { member }) => em.assign(member, { name: 'stolen' })],
    [
      'assigned to a relation',
      (em, { member }, own) => em.assign([...own.project.tasks][0]!, { assignee: member }),
    ],
    ['inserted', (em, { member }) => em.insert(member)],
    ['upserted', (em, { member }) => em.upsert(member)],
    ['read again', (em, { member }) => em.refresh(member)],
    [
      'referred to by an insert',
      (em, { task }) => em.insert(Task, { id: newId(), project: task.project } as never),
    ],
    [
      'referred to by a native update',
      (em, { member }) => em.nativeUpdate(Task, {}, { assignee: member }),
    ],
    [
      'referred to by an aggregate',
      (_em, { member }, own) => {
        own.project.changeTask([...own.project.tasks][0]!, { assignee: member });
      },
    ],
  ])(
    'an entity of another tenant cannot be %s, even where the ids are the same',
    async (_how, use) => {
      const before = await everything();
      const foreign = await takeFromGlobex();

      const attempt = persistence.as(acme, async () => {
        const project = await persistence.projects.getForChange(projectId);
        await persistence.projects.getTask(project, 1);
        const member = await persistence.members.getOrFail(memberId);
        const entityManager = persistence.entityManager.getContext();
        await entityManager.populate([project], ['tasks']);
        await use(entityManager, foreign, { member, project });
      });

      await expect(attempt).rejects.toThrow(EntityOfAnotherScope);
      expect(await everything()).toEqual(before);
    },
  );

  it('an entity of another tenant cannot be added to a collection', async () => {
    const before = await everything();
    const { task } = await takeFromGlobex();

    const attempt = persistence.as(acme, async () => {
      const project = await persistence.projects.getForChange(projectId);
      await persistence.entityManager.populate([project], ['tasks']);
      (project.tasks as unknown as Set<Task>).add(task);
    });

    await expect(attempt).rejects.toBeInstanceOf(IsolationViolation);
    expect(await everything()).toEqual(before);
  });

  it.each<[string, (em: EntityManager) => unknown]>([
    ['insert', (em) => em.insert(Member, foreignRow as never)],
    ['insertMany', (em) => em.insertMany(Member, [foreignRow as never])],
    ['upsert', (em) => em.upsert(Member, foreignRow as never)],
    ['upsertMany', (em) => em.upsertMany(Member, [foreignRow as never])],
    ['nativeUpdate', (em) => em.nativeUpdate(Member, {}, { tenantId: globex.id } as never)],
    ['merge', (em) => em.merge(Member, foreignRow as never)],
    [
      'a changed tenant',
      async () => {
        Object.assign(await persistence.members.getOrFail(memberId), { tenantId: globex.id });
      },
    ],
    [
      'a reference by another tenant’s key',
      (em) => em.remove(em.getReference(Member, [globex.id, memberId] as never)),
    ],
  ])('a row of another tenant cannot be written by %s', async (_how, write) => {
    const before = await everything();

    const attempt = persistence.as(acme, async () => {
      await write(persistence.entityManager.getContext());
    });

    await expect(attempt).rejects.toThrow(EntityOfAnotherScope);
    expect(await everything()).toEqual(before);
  });

  it('a row that names no tenant is the scope’s own, by whichever way it is written', async () => {
    const row = (name: string): never =>
      ({ id: newId(), createdAt: new Date(), updatedAt: new Date(), email: name, name }) as never;
    await persistence.as(acme, async () => {
      const em = persistence.entityManager.getContext();
      await em.insert(Member, row('insert'));
      await em.insert(new Member({ email: email('entity@example.com'), name: 'entity' }));
      await em.insertMany(Member, [row('insertMany')]);
      await em.upsert(Member, row('upsert'));
      await em.upsertMany(Member, [row('upsertMany')]);
    });

    const owners = await persistence.asOwner(
      `select distinct tenant_id from shared.member where name in ('insert', 'entity', 'insertMany', 'upsert', 'upsertMany')`,
    );
    expect(owners).toEqual([{ tenant_id: acme.id }]);
  });
});

describe('a managed entity whose row has gone meanwhile', () => {
  it.each<[string, (members: Member[], em: EntityManager) => void]>([
    [
      'a change',
      ([member]) => {
        member!.rename('changed');
      },
    ],
    ['a removal', ([member], em) => void em.remove(member!)],
    [
      'many changes at once',
      (members) => {
        members.forEach((member) => {
          member.rename('changed');
        });
      },
    ],
    ['many removals at once', (members, em) => void em.remove(members)],
  ])('%s is refused, and not acknowledged with nothing done', async (_how, write) => {
    const other = newId<'Member'>();
    await persistence.as(acme, async () => {
      persistence.members.add(
        new Member({ id: other, email: email('bob@example.com'), name: 'bob' }),
      );
    });

    const attempt = persistence.as(acme, async () => {
      const members = await persistence.members.findByIds([memberId, other]);
      await persistence.asOwner('delete from shared.member where tenant_id = ? and id = ?', [
        acme.id,
        members[0]!.id,
      ]);
      write(members, persistence.entityManager.getContext());
    });

    await expect(attempt).rejects.toMatchObject({ kind: 'stale', code: 'member-stale' });
  });
});
