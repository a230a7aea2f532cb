import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { type Reflector } from '@nestjs/core';
import { type TenantContext } from '@tenantry/persistence';
import { describeSpan } from '@tenantry/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PinoLogger } from 'nestjs-pino';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { clientGone } from '../http/client-gone.ts';
import { accessOf } from './access.ts';
import { mustBeOperator } from './operator-token.ts';
import type { TenantResolution } from './tenant-resolution.ts';

/**
 * Runs each handler in the scope that its route is for: its tenant's, unless the route says otherwise. What the
 * database does for a client is cancelled when the client goes away.
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
    const http = execution.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const signal = clientGone(http.getResponse<FastifyReply>());
    const handle = (): Promise<unknown> =>
      lastValueFrom(next.handle(), { defaultValue: undefined });
    switch (accessOf(this.reflector, execution)) {
      case 'public':
        return next.handle();
      case 'operator':
        return from(this.asOperator(request, handle, signal));
      case 'tenant':
        return from(this.asTenant(request, handle, signal));
    }
  }

  private async asOperator(
    request: FastifyRequest,
    handle: () => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<unknown> {
    mustBeOperator(request.headers.authorization, this.operatorToken);
    const [path] = request.url.split('?');
    const reason = `${request.method} ${path} (request ${request.id})`;
    return this.context.runAsOperator(reason, handle, { signal });
  }

  private async asTenant(
    request: FastifyRequest,
    handle: () => Promise<unknown>,
    signal: AbortSignal,
  ): Promise<unknown> {
    const tenant = await this.resolution.tenantOf(request);
    this.logger.assign({ tenant: tenant.slug });
    describeSpan({ 'tenantry.tenant': tenant.slug, 'tenantry.request_id': request.id });
    return this.context.run(tenant, handle, { signal });
  }
}
