import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { TenantEraser } from '@tenantry/application';
import {
  type DeletionReport,
  type Placement,
  RuleViolation,
  SHARED_SCHEMA,
  type Tenant,
} from '@tenantry/domain';
import { forgetTarget } from '../migrations/ledger.ts';
import { asOwnerOf } from '../migrations/owner-transaction.ts';
import { SeedLedger } from '../catalog/seed-ledger.ts';
import { KNOWN_FOR_MS } from '../catalog/tenant-directory.ts';
import { dropPlacement } from './drop-placement.ts';
import { waitForLateWriters } from './late-writers.ts';
import { tenantOwnedTables } from './tenant-owned-tables.ts';

/** How many rows go in one transaction: few enough that nobody else has to wait for it. */
const CHUNK = 1_000;

/** Takes away what a tenant has, as the owner: what is left is counted without row security, which would hide it. */
export class MikroTenantEraser extends TenantEraser {
  /**
   * @param orm the owner's
   * @param login the app's
   * @param chunk rows for each transaction
   */
  constructor(
    private readonly orm: MikroORM,
    private readonly login: string,
    private readonly chunk = CHUNK,
  ) {
    super();
  }

  override async eraseRows(tenant: Tenant): Promise<DeletionReport> {
    const { placement } = tenant;
    if (!placement) {
      return {};
    }
    await this.mustBeAlone(tenant, placement);
    const tables = await this.inPlacement(placement, tenantOwnedTables);
    for (const table of tables) {
      if (placement.isolation === 'shared') {
        await this.emptyTable(tenant, placement, table);
      } else {
        // One by one: dropping many at once takes more locks than the server has.
        await this.inPlacement(placement, (transaction) =>
          transaction.execute(`drop table if exists ${quoted(table)} cascade`),
        );
      }
    }
    return { rowsLeft: await this.rowsLeft(tenant, placement) };
  }

  override async takePlacementAway(tenant: Tenant): Promise<DeletionReport> {
    const { placement } = tenant;
    if (!placement) {
      return {};
    }
    // Once more: a request that was under way when the tenant was archived may have written since.
    await sleep(Math.max(0, tenant.updatedAt.getTime() + KNOWN_FOR_MS - Date.now()));
    await waitForLateWriters(this.orm, this.login);
    const { rowsLeft = {} } = await this.eraseRows(tenant);
    if (Object.values(rowsLeft).some((rows) => rows > 0)) {
      throw new RuleViolation('rows-left', 'There are rows of the tenant left.');
    }
    return this.inPlacement(placement, async (transaction, schema) => {
      await transaction.execute('update catalog.tenant set placement_id = null where id = ?', [
        tenant.id,
      ]);
      await new SeedLedger(transaction).forget(tenant.id);
      if (placement.isolation === 'shared') {
        return {};
      }
      await transaction.execute('delete from catalog.placement where id = ?', [placement.id]);
      await forgetTarget(transaction, schema);
      return { role: await dropPlacement(transaction, schema) };
    });
  }

  private async emptyTable({ id }: Tenant, placement: Placement, table: string): Promise<void> {
    const sql = `with gone as (
      delete from ${quoted(table)} where tenant_id = ? and ctid = any(array(
        select ctid from ${quoted(table)} where tenant_id = ? limit ?)) returning 1)
      select count(*)::int as count from gone`;
    let deleted: number;
    do {
      deleted = await this.byTenant(placement, async (transaction) => {
        const [row] = await transaction.execute<{ count: number }[]>(sql, [id, id, this.chunk]);
        return row?.count ?? 0;
      });
    } while (deleted > 0);
  }

  /** Of every table that any placement has: one that has been dropped has no rows. */
  private async rowsLeft(
    { id }: Tenant,
    placement: Placement,
  ): Promise<Readonly<Record<string, number>>> {
    return this.byTenant(placement, async (transaction, schema) => {
      const there = await tenantOwnedTables(transaction, schema);
      const usual = await tenantOwnedTables(transaction, SHARED_SCHEMA);
      const left: Record<string, number> = {};
      for (const table of new Set([...usual, ...there])) {
        left[table] = there.includes(table) ? await countRows(transaction, table, id) : 0;
      }
      return left;
    });
  }

  private async mustBeAlone({ id }: Tenant, placement: Placement): Promise<void> {
    if (placement.isolation === 'shared') {
      return;
    }
    const others = await this.inPlacement(placement, (transaction) =>
      transaction.execute('select 1 from catalog.tenant where placement_id = ? and id <> ?', [
        placement.id,
        id,
      ]),
    );
    if (others.length > 0) {
      throw new RuleViolation('placement-in-use', 'Another tenant has the same placement.');
    }
  }

  /**
   * Finds rows by an index. Of a tenant that has much of a table the server would otherwise read all that others have in
   * front of the next rows, and with each chunk more of it.
   */
  private byTenant<Result>(
    placement: Placement,
    work: (transaction: EntityManager, schema: string) => Promise<Result>,
  ): Promise<Result> {
    return this.inPlacement(placement, async (transaction, schema) => {
      await transaction.execute(
        `select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)`,
      );
      return work(transaction, schema);
    });
  }

  private inPlacement<Result>(
    { schema }: Placement,
    work: (transaction: EntityManager, schema: string) => Promise<Result>,
  ): Promise<Result> {
    return asOwnerOf(this.orm, schema, (transaction) => work(transaction, schema));
  }
}

async function countRows(transaction: EntityManager, table: string, id: string): Promise<number> {
  const [row] = await transaction.execute<{ count: number }[]>(
    `select count(*)::int as count from ${quoted(table)} where tenant_id = ?`,
    [id],
  );
  return row?.count ?? 0;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
