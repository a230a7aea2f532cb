import {
  NotFound,
  type Slug,
  type TenantOperation,
  type TenantOperationRepository,
  type TenantRepository,
} from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { CarryOutOperations } from './carry-out-operations.ts';
import type { OrphanedPlacements, Orphans } from './orphaned-placements.ts';

export interface RepairOptions {
  /** Only this tenant; without it all of them, and what belongs to none. */
  readonly slug?: Slug;
  /** Removes what never became a tenant, instead of completing it. */
  readonly remove?: boolean;
}

export interface RepairReport {
  /** How each operation stands that was not done. */
  readonly operations: readonly TenantOperation[];
  readonly orphans: Orphans;
  /** The schemas that have been removed, of those that belong to no tenant. */
  readonly removed: readonly string[];
}

/** An operator has everything completed that was begun, or taken away again. */
export class RepairTenants {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantRepository,
    private readonly operations: TenantOperationRepository,
    private readonly carryOut: CarryOutOperations,
    private readonly orphaned: OrphanedPlacements,
  ) {}

  /** @throws {NotFound} when there is no tenant of that slug */
  async run({ slug, remove = false }: RepairOptions): Promise<RepairReport> {
    const operations: TenantOperation[] = [];
    for (const operation of await this.open(slug)) {
      const takeBack = remove && isUnwanted(operation, slug);
      operations.push(await this.carryOut.now(operation.id, { takeBack }));
    }
    const orphans = slug ? { schemas: [], placements: [] } : await this.orphaned.find();
    const removed = remove ? orphans.schemas : [];
    for (const schema of removed) {
      await this.orphaned.removeSchema(schema);
    }
    return { operations, orphans, removed };
  }

  private open(slug?: Slug): Promise<readonly TenantOperation[]> {
    return this.unitOfWork.run(
      async () => {
        const tenant = slug && (await this.tenants.findBySlug(slug));
        if (tenant === null) {
          throw new NotFound('tenant');
        }
        return this.operations.open(tenant);
      },
      { readOnly: true },
    );
  }
}

/** One that nobody named has to be given up already: what was requested a moment ago is not to be removed in passing. */
function isUnwanted({ tenant, status }: TenantOperation, slug?: Slug): boolean {
  return tenant.status === 'provisioning' && (slug !== undefined || status === 'failed');
}
