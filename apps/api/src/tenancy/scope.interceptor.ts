import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { type Reflector } from '@nestjs/core';
import { type TenantContext } from '@tenantry/persistence';
import type { FastifyRequest } from 'fastify';
import type { PinoLogger } from 'nestjs-pino';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { ACCESS, type Access } from './access.ts';
import { mustBeOperator } from './operator-token.ts';
import type { TenantResolution } from './tenant-resolution.ts';

/**
 * Runs each handler in the scope that its route is for: its tenant's, unless the route says otherwise. A route that
 * forgets to say is a tenant's, so it cannot reach more.
 */
export class ScopeInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly resolution: TenantResolution,
    private readonly context: TenantContext,
    private readonly logger: PinoLogger,
    private readonly operatorToken: string,
  ) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const access =
      this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
        execution.getHandler(),
        execution.getClass(),
      ]) ?? 'tenant';
    const request = execution.switchToHttp().getRequest<FastifyRequest>();
    const handle = (): Promise<unknown> =>
      lastValueFrom(next.handle(), { defaultValue: undefined });
    switch (access) {
      case 'public':
        return next.handle();
      case 'operator':
        return from(this.asOperator(request, handle));
      case 'tenant':
        return from(this.asTenant(request, handle));
    }
  }

  private async asOperator(
    request: FastifyRequest,
    handle: () => Promise<unknown>,
  ): Promise<unknown> {
    mustBeOperator(request.headers.authorization, this.operatorToken);
    const [path] = request.url.split('?');
    return this.context.runAsOperator(`${request.method} ${path} (request ${request.id})`, handle);
  }

  private async asTenant(
    request: FastifyRequest,
    handle: () => Promise<unknown>,
  ): Promise<unknown> {
    const tenant = await this.resolution.tenantOf(request);
    this.logger.assign({ tenant: tenant.slug });
    return this.context.run(tenant, handle);
  }
}
