import { email, type Id, Member } from '@tenantry/domain';
import { errorParts } from '../../connection/connection-errors.ts';
import { condition } from '../../repositories/base.repository.ts';
import { IsolationViolation } from '../../tenant-context/isolation-violation.ts';
import { rolledBack } from '../rolled-back.ts';
import type { AttackResult } from './attack.ts';
import { type App, attacker, COLLIDING, memberOf, victim } from './throw-away-tenants.ts';

interface RepositoryAttack {
  readonly attack: string;
  /** How many rows of the other it reached. */
  readonly attempt: (app: App) => Promise<number>;
}

const theirs = memberOf(victim);
const everything = { limit: 100 };
const unfiltered = { filters: false } as const;

const repositoryAttacks: readonly RepositoryAttack[] = [
  {
    attack: 'find by the other’s id',
    attempt: async ({ members }) => Number((await members.findById(theirs.id)) !== null),
  },
  {
    attack: 'find by ids that both have',
    attempt: async ({ members }) => othersAmong(await members.findByIds([COLLIDING, theirs.id])),
  },
  {
    attack: 'find by the other’s e-mail address',
    attempt: async ({ members }) =>
      Number((await members.findByEmail(email(theirs.email))) !== null),
  },
  {
    attack: 'list all members',
    attempt: async ({ members }) => othersAmong((await members.page(everything)).items),
  },
  {
    attack: 'list all projects',
    attempt: async ({ projects }) => othersAmong((await projects.page(everything)).items),
  },
  {
    attack: 'find with the tenant filter switched off',
    attempt: async ({ entityManager }) =>
      othersAmong(await entityManager.find(Member, condition({ id: theirs.id }), unfiltered)),
  },
  {
    attack: 'use a query builder, which has no filter',
    attempt: ({ entityManager }) =>
      entityManager
        .createQueryBuilder(Member)
        .where(condition({ id: theirs.id }))
        .getCount(),
  },
  {
    attack: 'change by a query builder',
    attempt: async ({ entityManager }) => {
      const change = entityManager.createQueryBuilder(Member).update({ name: 'taken' });
      return (await change.where(condition({ id: theirs.id })).execute()).affectedRows;
    },
  },
  {
    attack: 'delete by a query builder',
    attempt: async ({ entityManager }) => {
      const deletion = entityManager
        .createQueryBuilder(Member)
        .delete(condition({ id: theirs.id }));
      return (await deletion.execute()).affectedRows;
    },
  },
  {
    attack: 'change by condition with the filter switched off',
    attempt: ({ entityManager }) =>
      entityManager.nativeUpdate(
        Member,
        condition({ id: theirs.id }),
        { name: 'taken' },
        unfiltered,
      ),
  },
  {
    attack: 'delete by condition with the filter switched off',
    attempt: ({ entityManager }) =>
      entityManager.nativeDelete(Member, condition({ id: theirs.id }), unfiltered),
  },
  {
    attack: 'remove by a reference to the other’s key',
    attempt: async ({ entityManager }) => {
      entityManager.remove(entityManager.getReference(Member, condition([victim.id, theirs.id])));
      await entityManager.flush();
      return 1;
    },
  },
];

/** Tries them one after another, each in a transaction that is taken back. */
export async function attackRepositories(app: App): Promise<AttackResult[]> {
  const results: AttackResult[] = [];
  for (const each of repositoryAttacks) {
    results.push(await attempt(app, each));
  }
  return results;
}

async function attempt(app: App, attack: RepositoryAttack): Promise<AttackResult> {
  const name = `repository: ${attack.attack}`;
  try {
    const hit = await app.context.run(attacker, () =>
      rolledBack(app.entityManager, () => attack.attempt(app)),
    );
    return hit === 0
      ? { attack: name, outcome: 'held', detail: '' }
      : { attack: name, outcome: 'breached', detail: `it reached ${hit} rows` };
  } catch (error) {
    // What the library refuses need not be tried on the database.
    const outcome = error instanceof IsolationViolation ? 'held' : 'inconclusive';
    return { attack: name, outcome, detail: errorParts(error).message };
  }
}

function othersAmong(found: readonly { readonly id: Id<string>; readonly name: string }[]): number {
  return found.filter(({ name }) => name !== attacker.slug).length;
}
