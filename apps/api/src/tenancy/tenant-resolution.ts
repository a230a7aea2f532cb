import { Logger } from '@nestjs/common';
import { NotFound } from '@tenantry/domain';
import type { DirectoryEntry, TenantDirectory, TenantName } from '@tenantry/persistence';
import type { FastifyRequest } from 'fastify';
import { NoTenant, TenantBeingMigrated, TenantMismatch, TenantSuspended } from './access-errors.ts';
import type { Said, TenantResolver } from './tenant-resolvers.ts';

/** What a request says, and whom that means. */
interface Resolved extends Said {
  readonly tenant: DirectoryEntry | null;
}

/** How much of what a request says is written into the log. */
const MOST_LOGGED = 100;

/** Finds out which tenant a request is for, and whether it is served. */
export class TenantResolution {
  private readonly logger = new Logger('Tenancy');

  constructor(
    private readonly resolvers: readonly TenantResolver[],
    private readonly directory: TenantDirectory,
  ) {}

  /**
   * The first resolver that names a tenant decides, and none may contradict a token.
   * @throws {NoTenant} when the request names none
   * @throws {TenantMismatch} when its token is for another tenant than it names besides
   * @throws {NotFound} when it names one that is not there, not yet there, or cannot be: the answer is the same
   * @throws {TenantSuspended}
   * @throws {TenantBeingMigrated}
   */
  async tenantOf(request: FastifyRequest): Promise<DirectoryEntry> {
    const resolved = await this.resolve(request);
    this.mustAgreeWithToken(resolved);
    const [first] = resolved;
    if (!first) {
      throw new NoTenant();
    }
    if (!first.tenant) {
      throw new NotFound('tenant');
    }
    if (first.tenant.status === 'suspended') {
      throw new TenantSuspended();
    }
    if (!first.tenant.isInRange) {
      throw new TenantBeingMigrated();
    }
    return first.tenant;
  }

  private async resolve(request: FastifyRequest): Promise<Resolved[]> {
    const resolved: Resolved[] = [];
    for (const resolver of this.resolvers) {
      const said = await resolver(request);
      if (said) {
        resolved.push({ ...said, tenant: await this.find(said.name) });
      }
    }
    // A domain may be that of the installation itself, so it only counts when a tenant has it.
    return resolved.filter(({ tenant, name }) => tenant !== null || !('domain' in name));
  }

  /** One that has not been let in yet, or is no longer, is as good as one that never was. */
  private async find(name: TenantName): Promise<DirectoryEntry | null> {
    const tenant = await this.directory.find(name);
    return tenant?.status === 'active' || tenant?.status === 'suspended' ? tenant : null;
  }

  private mustAgreeWithToken(resolved: readonly Resolved[]): void {
    const token = resolved.find(({ by }) => by === 'token');
    const other = token && resolved.find((each) => meaningOf(each) !== meaningOf(token));
    if (other) {
      this.logger.warn({
        msg: 'tenant-mismatch',
        token: token.text.slice(0, MOST_LOGGED),
        [other.by]: other.text.slice(0, MOST_LOGGED),
      });
      throw new TenantMismatch();
    }
  }
}

/** Two that mean the same tenant have the same one, by whatever names, or the same name of nobody. */
function meaningOf({ tenant, name }: Resolved): string {
  return tenant?.id ?? JSON.stringify(name);
}
