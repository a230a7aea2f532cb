import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import { SHARED_SCHEMA } from '@tenantry/domain';
import { roleOfPlacement, ROLES } from '../../roles.ts';
import { TenantScope } from '../../tenant-context/scope.ts';
import { type RunAs, runAll } from '../attacks/attack.ts';
import { attacker, victim } from '../attacks/throw-away-tenants.ts';
import type { InspectedPlacement } from '../placements.ts';
import { rolledBack } from '../rolled-back.ts';
import { MAKE_SOUND } from './leaky-variants.ts';

/** A placement that only its own transaction can see, with a sound copy of the table `member`. */
export interface ScratchPlacement extends InspectedPlacement {
  readonly transaction: EntityManager;
  readonly runAs: RunAs;
}

/** Gives `work` a scratch placement with the throw-away tenants' members in it. Nothing of it is ever committed. */
export async function withScratchPlacement<Result>(
  owner: EntityManager,
  work: (scratch: ScratchPlacement) => Promise<Result>,
): Promise<Result> {
  const schema = `prover_${randomBytes(6).toString('hex')}`;
  const role = roleOfPlacement(SHARED_SCHEMA);
  return rolledBack(owner, async (transaction) => {
    // Where the owner is no superuser it has made that role, and may give it, but may not yet take it.
    await transaction.execute(`grant "${role}" to current_user`);
    await setLocally(transaction, { role: ROLES.owner, search_path: `"${schema}", pg_temp` });
    for (const statement of [
      `create schema "${schema}"`,
      `create table member (like "${SHARED_SCHEMA}".member including all)`,
      ...MAKE_SOUND,
      `grant usage on schema "${schema}" to "${role}"`,
      `grant select, insert, update, delete on member to "${role}"`,
    ]) {
      await transaction.execute(statement);
    }
    await transaction.execute(
      `insert into member select * from "${SHARED_SCHEMA}".member where tenant_id in (?, ?)`,
      [attacker.id, victim.id],
    );
    return work({
      schema,
      role,
      known: true,
      transaction,
      runAs: asTenantIn(transaction, { schema, role }),
    });
  });
}

function asTenantIn(
  transaction: EntityManager,
  { schema, role }: Pick<InspectedPlacement, 'schema' | 'role'>,
): RunAs {
  return (tenant, statements) =>
    rolledBack(transaction, async (savepoint) => {
      const scope = new TenantScope({ ...tenant, schema });
      await setLocally(savepoint, { ...scope.settings, role });
      return runAll(savepoint, statements);
    });
}

async function setLocally(
  transaction: EntityManager,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const entries = Object.entries(settings);
  await transaction.execute(
    `select ${entries.map(() => 'set_config(?, ?, true)').join(', ')}`,
    entries.flat(),
  );
}
