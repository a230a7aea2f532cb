import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
} from '@nestjs/common';
import { DomainError } from '@tenantry/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvalidInput } from './invalid-input.ts';
import { HEADERS, type Problem, STATUS, titleOf } from './problem.ts';

type Description = Pick<Problem, 'status' | 'detail' | 'code' | 'errors'>;

/** Turns every error into problem+json. What nobody expected is logged, and said to be our fault and no more. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const description = describe(error);
    if (description.status >= 500) {
      this.logger.error({ err: error, msg: description.code });
    }
    const problem: Problem = {
      type: 'about:blank',
      title: titleOf(description.status),
      requestId: request.id,
      ...description,
    };
    void reply
      .status(problem.status)
      .headers(HEADERS[problem.status] ?? {})
      .type('application/problem+json')
      .send(JSON.stringify(problem));
  }
}

function describe(error: unknown): Description {
  if (error instanceof DomainError) {
    const { code, message: detail, kind } = error;
    const status = STATUS[kind];
    return error instanceof InvalidInput
      ? { status, code, detail, errors: error.errors }
      : { status, code, detail };
  }
  const status = statusOf(error);
  return status < 500
    ? { status, code: 'bad-request', detail: (error as Error).message }
    : {
        status,
        code: 'internal',
        detail: 'Something went wrong on our side. The log has more under the request id.',
      };
}

/** Nest's and Fastify's own errors know their status: an unknown route, JSON that is none, a body that is too large. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) {
    return error.getStatus();
  }
  const { statusCode } = error as { statusCode?: number };
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}
