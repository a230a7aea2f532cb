import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import { placementsInRange, SchemaRange } from '../catalog/schema-range.ts';
import { ROLES } from '../roles.ts';

/** How many rows go in one transaction. */
const CHUNK = 10_000;

/** Which rows have had their time. Markers and fences are asked for within seconds, or never. */
const OUTDATED = {
  commit_marker: `created_at < now() - interval '1 day'`,
  idempotency_key: `created_at < now() - interval '1 day'`,
  outbox_event: `delivered_at < now() - interval '7 days'
    or name is null and created_at < now() - interval '1 day'`,
} as const;

/** Removes what units of work have left behind in all placements when it has had its time, as the owner. */
export class Housekeeper {
  private readonly logger = new Logger('Housekeeper');

  /** @param orm the owner's */
  constructor(private readonly orm: MikroORM) {}

  /** @returns how many rows were removed. A placement where it fails keeps no other from being cleaned. */
  async clean(): Promise<number> {
    let removed = await this.cleanTable('catalog', 'commit_marker');
    const range = await SchemaRange.ofThisBuild(this.orm);
    const schemas = await this.asOwner((transaction) => placementsInRange(transaction, range));
    for (const schema of schemas) {
      try {
        for (const table of Object.keys(OUTDATED) as (keyof typeof OUTDATED)[]) {
          removed += await this.cleanTable(schema, table);
        }
      } catch (error) {
        this.logger.warn({ err: error, msg: 'a placement could not be cleaned', schema });
      }
    }
    return removed;
  }

  private async cleanTable(schema: string, table: keyof typeof OUTDATED): Promise<number> {
    const name = `"${schema}"."${table}"`;
    let removed = 0;
    let last: number;
    do {
      last = await this.asOwner(async (transaction) => {
        const [row] = await transaction.execute<{ count: number }[]>(
          `with gone as (
             delete from ${name} where ctid = any(array(
               select ctid from ${name} where ${OUTDATED[table]} limit ${CHUNK})) returning 1)
           select count(*)::int as count from gone`,
        );
        return row?.count ?? 0;
      });
      removed += last;
    } while (last === CHUNK);
    return removed;
  }

  private asOwner<Result>(work: (transaction: EntityManager) => Promise<Result>): Promise<Result> {
    return this.orm.em.fork({ session: { variables: { role: ROLES.owner } } }).transactional(work);
  }
}
