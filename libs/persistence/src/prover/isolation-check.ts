import { Injectable, Logger } from '@nestjs/common';
import { errorParts } from '../connection/connection-errors.ts';
import { TransactionalService } from '../unit-of-work/transactional.service.ts';
import { TenantContext } from '../tenant-context/tenant-context.ts';
import { type Finding, lineOf } from './finding.ts';
import { inspectAsApp } from './inspect.ts';
import type { Strictness } from './server-check.ts';

/** Production was to start on a database that would let tenants leak. The message lists what was found. */
export class NotIsolated extends Error {
  override readonly name = 'NotIsolated';

  constructor(readonly leaks: readonly Finding[]) {
    super(
      `Tenants are not isolated from each other on this database:\n${leaks.map((leak) => `  ${lineOf(leak)}`).join('\n')}`,
    );
  }
}

/** Longer than an app's query may take: a fleet of ten thousand placements needs some ten seconds. */
const PATIENCE_MS = 60_000;

/** What PostgreSQL answers when the operator's role is not there, or may not be taken: nothing has been migrated. */
const NO_OPERATOR = ['22023', '42501'];

/** Inspects the database when a process starts, with the app's own login: it only reads. */
@Injectable()
export class IsolationCheck {
  private readonly logger = new Logger('Isolation');
  private found: readonly Finding[] | null = null;

  constructor(
    private readonly context: TenantContext,
    private readonly transactional: TransactionalService,
  ) {}

  /** What it has found at the start; `null` when it has not looked, or there was nothing to look at yet. */
  get outcome(): readonly Finding[] | null {
    return this.found;
  }

  /**
   * Logs what it finds. Before the first migration there is nothing to look at, and nobody is served either.
   * @throws {NotIsolated} in production, when something found is a leak
   */
  async atStart(strictness: Strictness): Promise<void> {
    const findings = await this.inspect(strictness);
    this.found = findings;
    if (findings === null) {
      this.logger.warn('not checked: the database has not been migrated yet');
      return;
    }
    const leaks = findings.filter(({ severity }) => severity === 'leak');
    if (strictness.production && leaks.length > 0) {
      throw new NotIsolated(leaks);
    }
    for (const finding of findings) {
      this.logger.warn({ msg: `isolation: ${lineOf(finding)}`, check: finding.check });
    }
  }

  private async inspect(strictness: Strictness): Promise<Finding[] | null> {
    try {
      return await this.context.runAsReader(() =>
        this.transactional.run((transaction) => inspectAsApp(transaction, strictness), {
          readOnly: true,
          timeouts: { statementTimeoutMs: PATIENCE_MS },
        }),
      );
    } catch (error) {
      if (NO_OPERATOR.includes(errorParts(error).code ?? '')) {
        return null;
      }
      throw error;
    }
  }
}
