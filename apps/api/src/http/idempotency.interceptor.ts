import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { Idempotency, IdempotentRequest } from '@tenantry/persistence';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { accessOf } from '../tenancy/access.ts';
import { idempotentRequest } from './idempotency.ts';

/** An answer as it is kept, to be given again. */
interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What a handler may say of what it has made, besides the body. */
const KEPT_HEADERS = ['location', 'etag'];

/**
 * Does what a tenant asks for with an Idempotency-Key once, and answers the same each time. What operators ask for is the
 * same however often it is asked for, by itself.
 */
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly idempotency: Idempotency,
  ) {}

  intercept(execution: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = execution.switchToHttp();
    const asked = idempotentRequest(http.getRequest<FastifyRequest>());
    return asked && accessOf(this.reflector, execution) === 'tenant'
      ? from(this.once(asked, http.getResponse<FastifyReply>(), next))
      : next.handle();
  }

  private async once(
    asked: IdempotentRequest,
    reply: FastifyReply,
    next: CallHandler,
  ): Promise<unknown> {
    try {
      const { text, isRepeated } = await this.idempotency.once(asked, async () => {
        const body: unknown = await lastValueFrom(next.handle(), { defaultValue: null });
        return JSON.stringify({ status: reply.statusCode, headers: keptHeaders(reply), body });
      });
      const { status, headers, body } = JSON.parse(text) as KeptAnswer;
      void reply.status(status).headers(headers);
      if (isRepeated) {
        void reply.header('idempotency-replayed', 'true');
      }
      return body;
    } catch (error) {
      // What was said of something that was not stored after all.
      KEPT_HEADERS.forEach((name) => void reply.removeHeader(name));
      throw error;
    }
  }
}

function keptHeaders(reply: FastifyReply): KeptAnswer['headers'] {
  return Object.fromEntries(
    KEPT_HEADERS.filter((name) => reply.hasHeader(name)).map((name) => [
      name,
      String(reply.getHeader(name)),
    ]),
  );
}
