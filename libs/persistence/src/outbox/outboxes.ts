import { Injectable } from '@nestjs/common';
import type { TenantId } from '@tenantry/domain';
import pg from 'pg';
import { sqlStateOf } from '../connection/connection-errors.ts';
import { placementsInRange, SchemaRange } from '../catalog/schema-range.ts';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import { TenantContext } from '../tenant-context/tenant-context.ts';
import { TransactionalService } from '../unit-of-work/transactional.service.ts';

/** How many placements are looked at by one query: planning takes longer than looking. */
const TOGETHER = 100;
/** SQLSTATEs of a table, a schema or a right that is not there (any more). */
const GONE = new Set(['42P01', '3F000', '42501']);
/** How many parked events are shown. */
const MOST_PARKED = 1_000;

/** An event that could not be delivered, and waits for somebody to decide. */
export interface ParkedEvent {
  readonly tenant: PlacedTenant;
  readonly id: string;
  readonly name: string;
  readonly aggregateId: string;
  readonly attempts: number;
  readonly parkedAt: Date;
  /** Why it failed the last time, without values. */
  readonly error: string | null;
}

/** What can be seen of the outboxes of all placements: whose events they have, and not what is in them. */
@Injectable()
export class Outboxes {
  constructor(
    private readonly context: TenantContext,
    private readonly transactional: TransactionalService,
    private readonly range: SchemaRange,
  ) {}

  /**
   * The tenants that have events to be delivered.
   * @param schemas of the placements that are looked at; all of them when it is not said
   */
  async dueTenants(schemas?: ReadonlySet<string>): Promise<readonly PlacedTenant[]> {
    const rows = await this.inAll<{ tenant_id: TenantId }>(dueTenantsIn, schemas);
    return this.tenants(rows.map(({ tenant_id: id }) => id));
  }

  /** The events that wait for somebody to decide, the first thousand of them. */
  async parked(): Promise<readonly ParkedEvent[]> {
    const rows = await this.inAll<Omit<ParkedEvent, 'tenant'> & { tenantId: TenantId }>(parkedIn);
    const tenants = await this.tenants(rows.map(({ tenantId }) => tenantId));
    const byId = new Map(tenants.map((tenant) => [tenant.id, tenant]));
    return rows.flatMap(({ tenantId, parkedAt, ...event }) => {
      const tenant = byId.get(tenantId);
      return tenant ? [{ ...event, tenant, parkedAt: new Date(parkedAt) }] : [];
    });
  }

  private async inAll<Row extends object>(
    queryIn: (table: string) => string,
    schemas?: ReadonlySet<string>,
  ): Promise<Row[]> {
    const all = (await this.placements()).filter((schema) => schemas?.has(schema) ?? true);
    const rows: Row[] = [];
    for (let first = 0; first < all.length; first += TOGETHER) {
      const queries = all
        .slice(first, first + TOGETHER)
        .map((schema) => `(${queryIn(`${pg.escapeIdentifier(schema)}.outbox_event`)})`);
      rows.push(...(await this.readAll<Row>(queries)));
    }
    return rows;
  }

  /** Together, or in ever smaller parts when that fails: a placement that is being deleted has no such table any more. */
  private async readAll<Row extends object>(queries: readonly string[]): Promise<Row[]> {
    try {
      return await this.context.runAsRelay(() => this.read<Row>(queries.join(' union all ')));
    } catch (error) {
      if (!GONE.has(sqlStateOf(error) ?? '')) {
        throw error;
      }
      if (queries.length <= 1) {
        return [];
      }
      const half = Math.ceil(queries.length / 2);
      return [
        ...(await this.readAll<Row>(queries.slice(0, half))),
        ...(await this.readAll<Row>(queries.slice(half))),
      ];
    }
  }

  /** Handlers of this build would fail in the others, and their events be parked. */
  private placements(): Promise<readonly string[]> {
    return this.context.runAsReader(() =>
      this.transactional.run((entityManager) => placementsInRange(entityManager, this.range), {
        readOnly: true,
        replayable: true,
      }),
    );
  }

  private async tenants(ids: readonly TenantId[]): Promise<PlacedTenant[]> {
    if (ids.length === 0) {
      return [];
    }
    return this.context.runAsReader(() =>
      this.read<PlacedTenant>(
        `select t.id, t.slug, p.schema_name as schema from tenant t
         join placement p on p.id = t.placement_id where t.id in (?)`,
        [[...new Set(ids)]],
      ),
    );
  }

  private read<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.transactional.run(
      (entityManager) => entityManager.execute<Row[]>(sql, parameters),
      { readOnly: true, replayable: true },
    );
  }
}

/** Jumps from one tenant's events to the next one's, however many there are. */
function dueTenantsIn(table: string): string {
  const next = `select tenant_id from ${table} where due_at <= now()`;
  return `with recursive due(tenant_id) as (
      (${next} order by tenant_id limit 1)
      union all
      select (${next} and tenant_id > due.tenant_id order by tenant_id limit 1)
      from due where due.tenant_id is not null)
    select tenant_id from due where tenant_id is not null`;
}

function parkedIn(table: string): string {
  return `select tenant_id as "tenantId", id, name, aggregate_id as "aggregateId", attempts, parked_at as "parkedAt", error
    from ${table} where parked_at is not null order by parked_at limit ${MOST_PARKED}`;
}
