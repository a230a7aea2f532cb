import type { LogContext, Logger as MikroLogger } from '@mikro-orm/core';
import { Logger } from '@nestjs/common';
import { sqlWithoutValues } from '@tenantry/platform';
import { scopes } from '../tenant-context/scope.ts';
import { planHint } from './plan-hint.ts';

/**
 * Writes MikroORM's log as structured lines: each query with its tenant and duration, slow and failed ones as warnings.
 * The text of a query has `?` where its values were, since MikroORM asks whether to fill them in and is told not to; what was
 * written into SQL as a literal is taken out.
 */
export class QueryLogger implements MikroLogger {
  private readonly logger = new Logger('Database');

  /** @param slowQueryMs from this duration on a query is a warning */
  constructor(private readonly slowQueryMs: number) {}

  logQuery({ query, took, results, affected, level }: LogContext): void {
    const isFailed = level === 'error';
    const isSlow = took !== undefined && took >= this.slowQueryMs;
    if (!isFailed && !isSlow && !Logger.isLevelEnabled('debug')) {
      return;
    }
    const text = sqlWithoutValues(query ?? '');
    const line = { query: text, durationMs: took, rows: results ?? affected, ...onBehalf() };
    if (isFailed) {
      this.logger.warn({ msg: 'query failed', ...line });
    } else if (isSlow) {
      this.logger.warn({ msg: 'slow query', ...line, ...planHint(text) });
    } else {
      this.logger.debug({ msg: 'query', ...line });
    }
  }

  log(_namespace: string, message: string): void {
    this.logger.debug(message);
  }

  warn(_namespace: string, message: string): void {
    this.logger.warn(message);
  }

  error(_namespace: string, message: string): void {
    this.logger.error(message);
  }

  isEnabled(namespace: string): boolean {
    return namespace === 'query';
  }

  /** What is written is for the process's own log level to say. */
  setDebugMode(): void {
    return undefined;
  }
}

function onBehalf(): { tenant?: string; operator?: string } {
  const scope = scopes.getStore();
  if (!scope) {
    return {};
  }
  switch (scope.kind) {
    case 'tenant':
      return { tenant: scope.tenant.slug };
    case 'operator':
      return { operator: scope.reason };
    case 'reader':
    case 'relay':
      return {};
  }
}
