import type { EntityClass } from '@mikro-orm/core';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { newId } from '@tenantry/domain';
import type { MigratorConfig } from '@tenantry/platform';
import { errorParts } from '../connection/connection-errors.ts';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { tenantMappings } from '../mapping/mappings.ts';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import type { Attack, Effect, Owned } from './attack.ts';
import { CACHED } from './reads.ts';
import { Laboratory, type Ring, RINGS } from './laboratory.ts';

/** Who attacks whom, and over what. */
export interface Subject {
  /** The class of a tenant-owned entity that is mapped. */
  readonly entity: EntityClass<Owned>;
  readonly attacker: PlacedTenant;
  readonly victim: PlacedTenant;
  /** Stores an example of it that has this id, in the scope that is current, with all that it needs. */
  readonly store: (entityManager: EntityManager, id: never) => unknown;
}

/** How many rows each has. */
const OWN_ROWS = 2;

/**
 * Attacks a database of its own: the tenants' rows in it are removed. Attacker and victim have a row with the same id each,
 * so that nothing but the tenant tells them apart, and one with an id of its own.
 */
export class Experiment {
  private readonly sharedId = newId<string>();
  private readonly attackersId = newId<string>();
  private readonly victimsId = newId<string>();
  private readonly owner: MikroORM;
  private stored = '';

  constructor(
    private readonly config: MigratorConfig,
    private readonly subject: Subject,
  ) {
    this.owner = createOwnerOrm(config.ownerUrl, config.database);
  }

  /** What each of the attacks achieves when only these rings are there. */
  async effects(
    attacks: readonly Attack[],
    rings: readonly Ring[] = RINGS,
  ): Promise<ReadonlyMap<string, Effect>> {
    const laboratory = new Laboratory(this.config, rings);
    try {
      const effects = new Map<string, Effect>();
      for (const attack of attacks) {
        await this.restore();
        effects.set(attack.way, await this.effectOf(attack, laboratory));
      }
      return effects;
    } finally {
      await laboratory.close();
    }
  }

  close(): Promise<void> {
    return this.owner.close();
  }

  private async effectOf(attack: Attack, laboratory: Laboratory): Promise<Effect> {
    const { victim } = this.subject;
    const before = await this.rowsOf(victim);
    const effect = await this.attempt(attack, laboratory);
    return (await this.rowsOf(victim)) === before ? effect : 'leaks';
  }

  private attempt(attack: Attack, laboratory: Laboratory): Promise<Effect> {
    const { entity, attacker, victim } = this.subject;
    return laboratory.within(victim, async (victimsEm) => {
      const meta = victimsEm.getMetadata(entity);
      const key = { tenantId: victim.id, id: this.sharedId };
      const victimsEntity = await victimsEm.findOneOrFail(entity, key);
      await victimsEm.fork().find(entity, {}, CACHED);
      const booty = {
        entity,
        meta,
        attacker,
        victim,
        victimsEm,
        victimsEntity,
        sharedId: this.sharedId,
        attackersId: this.attackersId,
        victimsId: this.victimsId,
        table: this.tableOf(victim),
      };
      return laboratory
        .as(attacker, (em) => attack.run({ ...booty, em }))
        .then(
          (seen) => (this.sees(seen) ? 'leaks' : 'filtered'),
          (error: unknown) => (isOfKeys(error) ? 'stopped by a key' : 'refused'),
        );
    });
  }

  /** Whether there is anything of the victim's in what an attack has read, or more than the attacker has. */
  private sees(seen: unknown): boolean {
    if (typeof seen === 'number') {
      return seen > OWN_ROWS;
    }
    if (Array.isArray(seen)) {
      return seen.some((each) => this.sees(each));
    }
    const { tenantId, tenant_id } = (seen ?? {}) as Record<string, unknown>;
    return tenantId === this.subject.victim.id || tenant_id === this.subject.victim.id;
  }

  /** Stores the rows anew when an attack has changed any. */
  private async restore(): Promise<void> {
    const { attacker, victim } = this.subject;
    if (this.stored !== '' && this.stored === (await this.rows())) {
      return;
    }
    const tables = tenantMappings.flatMap(({ meta }) =>
      [attacker, victim].map(({ schema }) => `"${schema}"."${meta.tableName}"`),
    );
    await this.owner.em.fork().execute(`truncate ${[...new Set(tables)].join()}`);
    const laboratory = new Laboratory(this.config, RINGS);
    const store = (tenant: PlacedTenant, id: string): Promise<unknown> =>
      laboratory.as(tenant, async (entityManager) => {
        await this.subject.store(entityManager, id as never);
      });
    await store(attacker, this.sharedId);
    await store(attacker, this.attackersId);
    await store(victim, this.sharedId);
    await store(victim, this.victimsId);
    await laboratory.close();
    this.stored = await this.rows();
  }

  private async rows(): Promise<string> {
    const { attacker, victim } = this.subject;
    return `${await this.rowsOf(attacker)}\n${await this.rowsOf(victim)}`;
  }

  /** As the owner sees them, who is under no policy. */
  private async rowsOf(tenant: PlacedTenant): Promise<string> {
    const [row] = await this.owner.em
      .fork()
      .execute<{ rows: string }[]>(
        `select string_agg(t.xmin || t::text, chr(10) order by t::text) as rows from ${this.tableOf(tenant)} t where tenant_id = ?`,
        [tenant.id],
      );
    return row?.rows ?? '';
  }

  private tableOf({ schema }: PlacedTenant): string {
    const { entity } = this.subject;
    const mapping = tenantMappings.find(({ meta }) => (meta.class as unknown) === entity);
    if (!mapping) {
      throw new Error(
        `${entity.name} is not among the tenant-owned mappings (mapping/mappings.ts).`,
      );
    }
    return `"${schema}"."${mapping.meta.tableName}"`;
  }
}

/** Foreign and unique keys are in the tables themselves, and cannot be taken away. */
function isOfKeys(error: unknown): boolean {
  return (errorParts(error).code ?? '').startsWith('235');
}
