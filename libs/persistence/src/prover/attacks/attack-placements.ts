import { SHARED_SCHEMA } from '@tenantry/domain';
import { rolledBack } from '../rolled-back.ts';
import { type AttackResult, runAll, type RunAs, type SqlAttack, tryAttack } from './attack.ts';
import { attackRepositories } from './repository-attacks.ts';
import { rightAttacks } from './right-attacks.ts';
import { readAll, rowAttacks } from './row-attacks.ts';
import { type App, attacker, memberOf, victim } from './throw-away-tenants.ts';

/**
 * Attacks one throw-away tenant's rows as the other one, by SQL and through the repositories.
 * @param dedicated the schema of a placement that belongs to some tenant, if there is one: it is only tried to be read
 */
export async function attackPlacements(app: App, dedicated?: string): Promise<AttackResult[]> {
  const runAs = asTheAppDoes(app);
  const results = [await tryAttack(runAs, victim, HAS_WHAT_IS_ATTACKED)];
  for (const attack of [...rowAttacks, ...rightAttacks, ...across(SHARED_SCHEMA, dedicated)]) {
    results.push(await tryAttack(runAs, attacker, attack));
  }
  if (dedicated !== undefined) {
    const inside = { ...attacker, schema: dedicated };
    for (const attack of [...across(dedicated, SHARED_SCHEMA), readAll('member')]) {
      results.push(await tryAttack(runAs, inside, attack));
    }
  }
  return [...results, ...(await attackRepositories(app))];
}

/** Without it a table that is empty would look safe. */
const HAS_WHAT_IS_ATTACKED: SqlAttack = {
  attack: 'control: the other does have what is attacked',
  statements: [
    {
      sql: 'select 1 - count(*)::int as hit from member where id = ?',
      parameters: [memberOf(victim).id],
    },
  ],
  must: 'hit-nothing',
};

function across(from: string, to: string | undefined): SqlAttack[] {
  return to === undefined
    ? []
    : [
        {
          attack: `read ${to} from ${from}`,
          statements: [{ sql: `select 1 from "${to}".member limit 1` }],
          must: { fail: ['42501'] },
        },
      ];
}

function asTheAppDoes({ context, entityManager }: App): RunAs {
  return (tenant, statements) =>
    context.run(tenant, () =>
      rolledBack(entityManager, (transaction) => runAll(transaction, statements)),
    );
}
