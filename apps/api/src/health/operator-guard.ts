import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { mustBeOperator } from '../tenancy/operator-token.ts';

/** What operators show. */
export const OPERATOR_TOKEN = Symbol('OPERATOR_TOKEN');

/**
 * Lets operators pass to what is no work on the database: no scope is entered and nothing is audited, so it answers when the
 * database does not.
 */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(@Inject(OPERATOR_TOKEN) private readonly operatorToken: string) {}

  /** @throws {Unauthenticated} */
  canActivate(execution: ExecutionContext): boolean {
    const { headers } = execution.switchToHttp().getRequest<FastifyRequest>();
    mustBeOperator(headers.authorization, this.operatorToken);
    return true;
  }
}
