import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOf, sendProblem } from './problem.ts';

/** Turns every error of a handler, and of all around it, into problem+json; what is our fault is logged. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const problem = problemOf(error, http.getRequest<FastifyRequest>());
    if (problem.status >= 500) {
      this.logger.error({ err: error, msg: problem.code });
    }
    sendProblem(http.getResponse<FastifyReply>(), problem);
  }
}
