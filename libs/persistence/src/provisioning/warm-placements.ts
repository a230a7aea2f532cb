import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import { Placement, RuleViolation, type Tenant } from '@tenantry/domain';
import { IS_IN_RANGE, SchemaRange } from '../catalog/schema-range.ts';
import { tryLock } from '../migrations/advisory-lock.ts';
import type { FleetMigrator } from '../migrations/fleet-migrator.ts';
import { forgetTarget } from '../migrations/ledger.ts';
import { asOwnerOf } from '../migrations/owner-transaction.ts';
import { roleOfPlacement } from '../roles.ts';
import { holdsRows } from './tenant-owned-tables.ts';

type Candidate = Pick<Placement, 'id' | 'schema'>;
/** Whether a placement of the pool can be taken; one that was used never can. */
type Condition = 'warm' | 'lagging' | 'used';

/**
 * The warm pool: placements that are made ahead, and that no tenant has ever had. Taking one is a change of the catalog and no
 * DDL. What has left the pool never comes back: there is no way in but being made.
 */
export class WarmPlacements {
  private readonly logger = new Logger('WarmPlacements');
  private readonly range: Promise<SchemaRange>;

  /** @param orm the owner's */
  constructor(
    private readonly orm: MikroORM,
    private readonly fleet: FleetMigrator,
  ) {
    this.range = SchemaRange.ofThisBuild(orm);
    // It is said to whoever needs it.
    this.range.catch(() => undefined);
  }

  /**
   * Gives the tenant one of the pool, in place of its own that nothing has been made of yet: in one transaction, so that two
   * never get the same, and one that is rolled back is in the pool again.
   * @returns whether there was one for it
   */
  async take({ id, placement }: Tenant): Promise<boolean> {
    if (placement?.isolation !== 'schema') {
      return false;
    }
    return asOwnerOf(this.orm, placement.schema, async (transaction) => {
      const found = (await isBegun(transaction, placement)) ? null : await this.find(transaction);
      if (found) {
        await remove(transaction, found);
        await replace(transaction, id, placement, found);
      }
      return found !== null;
    });
  }

  /**
   * Makes placements until there are so many in the pool, and brings those up to date that lag behind. Several processes can
   * do so at once. One that was interrupted in the middle is completed by the next.
   * @param signal ends it after the one that is being made
   */
  async fill(size: number, signal: AbortSignal): Promise<void> {
    for (const schema of await this.lagging()) {
      if (!signal.aborted) {
        await this.fleet.migratePlacement(schema);
      }
    }
    let schema: string | null;
    while (!signal.aborted && (schema = await this.reserve(size)) !== null) {
      await this.fleet.migratePlacement(schema);
    }
  }

  /** The oldest that nobody else is at, locked as the fleet migrator locks it. */
  private async find(transaction: EntityManager): Promise<Candidate | null> {
    const passedOver: string[] = [];
    for (;;) {
      const [candidate] = await transaction.execute<Candidate[]>(CANDIDATE, [
        JSON.stringify(passedOver),
      ]);
      if (!candidate) {
        return null;
      }
      if (await tryLock(transaction, `placement ${candidate.schema}`)) {
        const condition = await this.conditionOf(transaction, candidate);
        if (condition === 'warm') {
          return candidate;
        }
        if (condition === 'used') {
          await remove(transaction, candidate);
          this.logger.error({ msg: 'used, so it has left the warm pool', ...candidate });
        }
      }
      passedOver.push(candidate.id);
    }
  }

  /** It is asked under the placement's lock: it stays as it is until the transaction ends. */
  private async conditionOf(
    transaction: EntityManager,
    { id, schema }: Candidate,
  ): Promise<Condition> {
    const [found] = await transaction.execute<[{ isInRange: boolean; hasTenant: boolean }]>(
      `select ${IS_IN_RANGE} as "isInRange",
         exists (select from catalog.tenant t where t.placement_id = p.id) as "hasTenant"
       from catalog.placement p where p.id = ?`,
      [...(await this.range).parameters, id],
    );
    if (found.hasTenant || (await holdsRows(transaction, schema))) {
      return 'used';
    }
    return found.isInRange ? 'warm' : 'lagging';
  }

  private async lagging(): Promise<readonly string[]> {
    const rows = await this.orm.em.fork().execute<{ schema: string }[]>(
      `select p.schema_name as schema from catalog.warm_placement w join catalog.placement p on p.id = w.placement_id
       where not ${IS_IN_RANGE} order by w.created_at, p.id`,
      [...(await this.range).parameters],
    );
    return rows.map(({ schema }) => schema);
  }

  /** Records one more of the pool, unless it is full. Whoever does so at the same time waits, so it is never more than full. */
  private async reserve(size: number): Promise<string | null> {
    return asOwnerOf(this.orm, 'catalog', async (transaction) => {
      const placement = Placement.dedicated();
      const reserved = await transaction.execute(
        `with made as (
           insert into catalog.placement (id, created_at, updated_at, isolation, schema_name)
           select ?, now(), now(), ?, ? where (select count(*) from catalog.warm_placement) < ?
           returning id)
         insert into catalog.warm_placement (placement_id) select id from made returning placement_id`,
        [placement.id, placement.isolation, placement.schema, size],
      );
      return reserved.length > 0 ? placement.schema : null;
    });
  }
}

/** The placement is locked too: a tenant that is being put there by its id counts before it is stored. */
const CANDIDATE = `select p.id, p.schema_name as schema
  from catalog.warm_placement w join catalog.placement p on p.id = w.placement_id
  where w.placement_id not in (select jsonb_array_elements_text(?::jsonb)::uuid)
  order by w.created_at, p.id limit 1 for update of w, p skip locked`;

/** Whether anything of a placement has been made: it is completed then, and not replaced. */
async function isBegun(transaction: EntityManager, { schema }: Placement): Promise<boolean> {
  const [found] = await transaction.execute<[{ begun: boolean }]>(
    `select exists (select from pg_namespace where nspname = ?)
       or exists (select from pg_roles where rolname = ?) as begun`,
    [schema, roleOfPlacement(schema)],
  );
  return found.begun;
}

async function remove(transaction: EntityManager, { id }: Candidate): Promise<void> {
  await transaction.execute('delete from catalog.warm_placement where placement_id = ?', [id]);
}

/** @throws {RuleViolation} when the tenant is not where it was */
async function replace(
  transaction: EntityManager,
  tenant: string,
  old: Placement,
  { id }: Candidate,
): Promise<void> {
  const moved = await transaction.execute(
    `update catalog.tenant set placement_id = ? where id = ? and placement_id = ? and status = 'provisioning' returning id`,
    [id, tenant, old.id],
  );
  if (moved.length === 0) {
    throw new RuleViolation('tenant-placement', 'The tenant is not where it was.');
  }
  await transaction.execute('delete from catalog.placement where id = ?', [old.id]);
  await forgetTarget(transaction, old.schema);
}
