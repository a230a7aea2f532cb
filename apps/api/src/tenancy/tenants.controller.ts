import { Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ReadTenants, ResumeTenant, SuspendTenant } from '@tenantry/application';
import type { Tenant, TenantId } from '@tenantry/domain';
import { Returns } from '../http/returns.ts';
import { id, paged } from '../http/schemas.ts';
import { ForOperators } from './access.ts';
import { tenantPage, tenantQuery, type TenantQuery, tenantView } from './tenants.schema.ts';

/** For operators: the tenants of the installation. */
@ApiTags('tenants')
@ForOperators()
@Controller('tenants')
export class TenantsController {
  constructor(
    private readonly read: ReadTenants,
    private readonly suspendTenant: SuspendTenant,
    private readonly resumeTenant: ResumeTenant,
  ) {}

  @Get()
  @Returns(tenantPage)
  async list(@Query({ schema: tenantQuery }) query: TenantQuery): Promise<object> {
    return paged(await this.read.page(query));
  }

  @Get(':id')
  @Returns(tenantView)
  one(@Param('id', { schema: id<'Tenant'>() }) id: TenantId): Promise<Tenant> {
    return this.read.one(id);
  }

  @Post(':id/suspend')
  @Returns(tenantView)
  suspend(@Param('id', { schema: id<'Tenant'>() }) id: TenantId): Promise<Tenant> {
    return this.suspendTenant.run(id);
  }

  @Post(':id/resume')
  @Returns(tenantView)
  resume(@Param('id', { schema: id<'Tenant'>() }) id: TenantId): Promise<Tenant> {
    return this.resumeTenant.run(id);
  }
}
