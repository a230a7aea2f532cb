import type { MikroORM } from '@mikro-orm/postgresql';
import { OrphanedPlacements, type Orphans } from '@tenantry/application';
import { RuleViolation } from '@tenantry/domain';
import { asOwnerOf } from '../migrations/owner-transaction.ts';
import { DEDICATED_SCHEMA, dropPlacement } from './drop-placement.ts';
import { forgetTarget } from '../migrations/ledger.ts';

/** Compares the catalog with the server. */
export class MikroOrphanedPlacements extends OrphanedPlacements {
  /** @param orm the owner's */
  constructor(private readonly orm: MikroORM) {
    super();
  }

  override find(): Promise<Orphans> {
    return asOwnerOf(this.orm, 'catalog', async (transaction) => {
      const schemas = await transaction.execute<{ name: string }[]>(
        `select nspname as name from pg_namespace
         where starts_with(nspname, 't_') and nspname not in (select schema_name from catalog.placement)
         order by nspname`,
      );
      const placements = await transaction.execute<{ name: string }[]>(
        `select schema_name as name from catalog.placement p
         where isolation <> 'shared' and not exists (select from catalog.tenant t where t.placement_id = p.id)
           and not exists (select from catalog.warm_placement w where w.placement_id = p.id)
         order by schema_name`,
      );
      return {
        schemas: schemas.map(({ name }) => name).filter((name) => DEDICATED_SCHEMA.test(name)),
        placements: placements.map(({ name }) => name),
      };
    });
  }

  override async removeSchema(schema: string): Promise<void> {
    await asOwnerOf(this.orm, schema, async (transaction) => {
      const known = await transaction.execute(
        'select 1 from catalog.placement where schema_name = ?',
        [schema],
      );
      if (known.length > 0) {
        throw new RuleViolation('schema-in-use', 'The catalog knows the schema.');
      }
      await forgetTarget(transaction, schema);
      await dropPlacement(transaction, schema);
    });
  }
}
