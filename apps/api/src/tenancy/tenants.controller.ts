import { Body, Controller, Delete, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  ArchiveTenant,
  DeleteTenant,
  ReadTenants,
  RegisterTenant,
  ResumeTenant,
  SuspendTenant,
} from '@tenantry/application';
import type { TenantId } from '@tenantry/domain';
import type { FastifyReply } from 'fastify';
import { PreferredWait } from '../http/preferred-wait.ts';
import { Returns } from '../http/returns.ts';
import { id, paged } from '../http/schemas.ts';
import { ForOperators } from './access.ts';
import { awaitProvisioning } from './await-provisioning.ts';
import {
  newTenant,
  type NewTenant,
  tenantPage,
  tenantQuery,
  type TenantQuery,
  tenantView,
  viewOf,
} from './tenants.schema.ts';

/** For operators: the tenants of the installation. What needs DDL is recorded here, and done by the provisioner. */
@ApiTags('tenants')
@ForOperators()
@Controller('tenants')
export class TenantsController {
  constructor(
    private readonly read: ReadTenants,
    private readonly registerTenant: RegisterTenant,
    private readonly suspendTenant: SuspendTenant,
    private readonly resumeTenant: ResumeTenant,
    private readonly archiveTenant: ArchiveTenant,
    private readonly deleteTenant: DeleteTenant,
  ) {}

  @Get()
  @Returns(tenantPage)
  async list(@Query({ schema: tenantQuery }) query: TenantQuery): Promise<object> {
    const { items, next } = await this.read.page(query);
    return paged({ items, next }, viewOf);
  }

  @Get(':id')
  @Returns(tenantView)
  async one(@Param('id', { schema: id<'Tenant'>() }) id: TenantId): Promise<object> {
    return viewOf(await this.read.one(id));
  }

  /** 202 with a place to ask again, or 201 when it is there: at once, or within the time that the caller waits. */
  @Post()
  @Returns(tenantView, 202)
  @ApiResponse({ status: 201, standardSchema: tenantView })
  @ApiHeader({ name: 'prefer', required: false, example: 'wait=5' })
  async register(
    @Body({ schema: newTenant }) body: NewTenant,
    @PreferredWait() wait: number,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    const requested = await this.registerTenant.run(body);
    const standing = await awaitProvisioning(this.read, requested, wait);
    reply
      .status(standing.tenant.status === 'provisioning' ? 202 : 201)
      .header('location', `/tenants/${standing.tenant.id}`);
    if (wait > 0) {
      reply.header('preference-applied', `wait=${wait}`);
    }
    return viewOf(standing);
  }

  @Post(':id/suspend')
  @Returns(tenantView)
  async suspend(@Param('id', { schema: id<'Tenant'>() }) id: TenantId): Promise<object> {
    await this.suspendTenant.run(id);
    return viewOf(await this.read.one(id));
  }

  @Post(':id/resume')
  @Returns(tenantView)
  async resume(@Param('id', { schema: id<'Tenant'>() }) id: TenantId): Promise<object> {
    await this.resumeTenant.run(id);
    return viewOf(await this.read.one(id));
  }

  @Post(':id/archive')
  @Returns(tenantView)
  async archive(@Param('id', { schema: id<'Tenant'>() }) id: TenantId): Promise<object> {
    await this.archiveTenant.run(id);
    return viewOf(await this.read.one(id));
  }

  /** It is accepted; that it is done, and what is left, says the tenant itself. */
  @Delete(':id')
  @Returns(tenantView, 202)
  async delete(
    @Param('id', { schema: id<'Tenant'>() }) id: TenantId,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<object> {
    reply.header('location', `/tenants/${id}`);
    return viewOf(await this.deleteTenant.run(id));
  }
}
