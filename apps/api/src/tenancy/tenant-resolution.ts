import { NotFound } from '@tenantry/domain';
import type { DirectoryEntry, TenantDirectory } from '@tenantry/persistence';
import type { FastifyRequest } from 'fastify';
import { NoTenant, TenantSuspended } from './access-errors.ts';
import type { TenantResolver } from './tenant-resolvers.ts';

/** Finds out which tenant a request is for, and whether it is served. */
export class TenantResolution {
  constructor(
    private readonly resolvers: readonly TenantResolver[],
    private readonly directory: TenantDirectory,
  ) {}

  /**
   * @throws {NoTenant} when the request names none
   * @throws {NotFound} when it names one that is not there, or cannot be: the answer is the same
   * @throws {TenantSuspended}
   */
  async tenantOf(request: FastifyRequest): Promise<DirectoryEntry> {
    const tenant = await this.find(request);
    if (tenant.status === 'suspended') {
      throw new TenantSuspended();
    }
    if (tenant.status !== 'active') {
      throw new NotFound('tenant');
    }
    return tenant;
  }

  private async find(request: FastifyRequest): Promise<DirectoryEntry> {
    for (const resolve of this.resolvers) {
      const name = await resolve(request);
      if (name !== undefined) {
        const tenant = name === 'unknown' ? null : await this.directory.find(name);
        if (tenant) {
          return tenant;
        }
        if (name === 'unknown' || !('domain' in name)) {
          throw new NotFound('tenant');
        }
      }
    }
    throw new NoTenant();
  }
}
