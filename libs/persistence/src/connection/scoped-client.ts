import { Logger } from '@nestjs/common';
import { Cancelled } from '@tenantry/domain';
import type pg from 'pg';
import { TransactionMissing, UnitOfWorkEnded } from '../tenant-context/isolation-violation.ts';
import {
  currentScope,
  enterScope,
  type Scope,
  scopes,
  type Timeouts,
  timeoutsIn,
} from '../tenant-context/scope.ts';
import { currentFlush } from '../unit-of-work/flush-queue.ts';
import { savepoints, Transaction, transactions } from '../unit-of-work/transaction.ts';
import {
  FlushUnderWay,
  SavepointOpen,
  TransactionManaged,
  TransactionTooSlow,
} from '../unit-of-work/transaction-errors.ts';
import type { Unit } from '../unit-of-work/unit.ts';
import { GRACE_MS, TransactionClient } from './transaction-client.ts';

/** What a scoped connection is made with. */
export interface ScopedClientConfig extends pg.ClientConfig {
  /** For transactions that say nothing else. */
  readonly timeouts: Timeouts;
  /** A transaction that waits longer for something that is not the database is worth a warning. */
  readonly idleInTransactionWarningMs: number;
  /** Until a connection answers that a transaction has begun: that takes no lock and no work. */
  readonly beginTimeoutMs: number;
}

interface Submitted {
  readonly text: string;
  read?: (...parameters: unknown[]) => unknown;
}

/** Its result is sent in pieces: the rest is asked for later, maybe by someone else. */
type Cursor = Required<Submitted>;

const UNDOES_A_PART = /^rollback to "?\w+"?$/i;
const SAVES = /^savepoint "?\w+"?$/i;
const READS_ONLY = /read only$/i;
const RELEASES = /^release(?: savepoint)? "?\w+"?$/i;

/** What the server has ended by its own limit, and says so in time. */
const AFTER_THE_SERVER_MS = 2_000;

/**
 * What the work before may have left on the connection, maybe another tenant's: cursors that are held, prepared statements,
 * locks, and settings of the session, its role among them. It goes in one message with what begins a transaction, and in a
 * transaction of its own: what the session says of transactions would otherwise be that of the one that begins.
 */
const FORGET = [
  'begin',
  'close all',
  'deallocate all',
  'unlisten *',
  'select pg_advisory_unlock_all()',
  'reset role',
  'reset all',
  'commit',
];

/**
 * The last gate before the server, whichever way a statement came here: repositories, query builders, Kysely, streams,
 * connections. A transaction enters the scope that it is begun in, and its statements are sent in that scope or not at all.
 * Without a transaction nothing is sent: it would run without the tenant.
 */
export class ScopedClient extends TransactionClient {
  private readonly logger = new Logger('Database');
  private readonly defaults: ScopedClientConfig;
  private serverVersion = 0;
  private scope: Scope | undefined;
  private transaction: Transaction | undefined;
  private entering: readonly string[] = [];
  private readsOnly = false;
  private deadline: NodeJS.Timeout | undefined;
  private idle: NodeJS.Timeout | undefined;
  private cut: NodeJS.Timeout | undefined;

  constructor(config: ScopedClientConfig) {
    super(config);
    this.defaults = config;
    this.once('end', () => {
      this.stopWatching();
      // What is being committed may be stored all the same.
      if (this.transaction?.stage === 'open') {
        this.transaction.close('ended');
      }
    });
    this.connection.on('parameterStatus', (status: Record<string, string>) => {
      if (status['parameterName'] === 'server_version') {
        this.serverVersion = Number.parseInt(status['parameterValue'] ?? '', 10);
      }
    });
  }

  protected override get beginTimeoutMs(): number {
    return this.defaults.beginTimeoutMs;
  }

  protected override get replyTimeoutMs(): number | undefined {
    return this.transaction && this.transaction.timeouts.statementTimeoutMs + AFTER_THE_SERVER_MS;
  }

  protected override get commitTimeoutMs(): number | undefined {
    return this.transaction?.timeouts.commitTimeoutMs;
  }

  protected override opens(begin: string): void {
    // Not refused, even where there is no scope: what follows is.
    const scope = scopes.getStore();
    const current = transactions.getStore();
    const transaction =
      current?.stage === 'new'
        ? current
        : new Transaction(timeoutsIn(scope, this.defaults.timeouts), scope?.signal, current);
    transaction.stage = 'open';
    transaction.cut = () => {
      this.destroy();
    };
    this.scope = scope;
    this.readsOnly = READS_ONLY.test(begin);
    this.transaction = transaction;
    this.entering = scope ? enterScope(scope, transaction.timeouts, this.serverVersion) : [];
    this.watch(transaction);
  }

  protected override beginning(begin: string): readonly string[] {
    return [...FORGET, begin, ...this.entering];
  }

  protected override standsAlone(): boolean {
    return this.transaction?.isAlone === true;
  }

  protected override beforeCommit(): readonly string[] {
    this.mustBeInItsScope();
    this.mustNotBeGivenUp();
    const { transaction } = this;
    if (transaction?.isUnderWay) {
      throw new TransactionManaged();
    }
    if (transaction) {
      transaction.stage = 'committing';
    }
    const { closing = [], mark } = transaction ?? {};
    return mark === undefined || this.isHeld ? closing : [...closing, mark];
  }

  protected override ended(committed: boolean): void {
    this.stopWatching();
    if (!this.readsOnly && !this.isHeld) {
      this.scope?.store();
    }
    this.transaction?.close(committed ? 'committed' : 'ended');
    this.scope = undefined;
    this.transaction = undefined;
  }

  protected override send(...parameters: unknown[]): unknown {
    const [statement, ...rest] = parameters as [string | Submitted];
    const { text, read } = typeof statement === 'string' ? { text: statement } : statement;
    // Undoing is always allowed: it is how a part ends that has been refused something.
    if (!UNDOES_A_PART.test(text)) {
      this.mustBeInItsScope();
      this.mustNotBeGivenUp();
      const savepoint = this.ownSavepoint();
      if (this.transaction && SAVES.test(text) && savepoint === this.transaction.savepoint) {
        this.transaction.openSavepoint = savepoint;
      }
      this.mustNotBeBesideOthers(savepoint);
    }
    if (read) {
      this.guard(statement as Cursor);
      return super.send(...parameters);
    }
    // What was set within a savepoint stays when that is released.
    const message = RELEASES.test(text) ? [text, ...this.entering].join('; ') : statement;
    return this.answered(super.send(message, ...rest) as Promise<unknown>);
  }

  private async answered(reply: Promise<unknown>): Promise<unknown> {
    const { transaction } = this;
    try {
      return await reply;
    } catch (error) {
      throw transaction?.givenUp ?? error;
    } finally {
      this.idle?.refresh();
    }
  }

  private mustBeInItsScope(): void {
    currentScope();
    if (!this.scope) {
      throw new TransactionMissing('This statement');
    }
    this.scope.mustBeCurrent();
  }

  private mustNotBeGivenUp(): void {
    if (this.transaction?.givenUp) {
      throw this.transaction.givenUp;
    }
  }

  /** The savepoint of its transaction that this is sent in. @throws {UnitOfWorkEnded} when that has ended */
  private ownSavepoint(): Unit | undefined {
    const within = savepoints.getStore();
    if (!within || within.transaction !== this.transaction) {
      return undefined;
    }
    if (!within.isOpen) {
      throw new UnitOfWorkEnded();
    }
    return within;
  }

  /** What is sent beside a savepoint, or beside a flush that is a transaction by itself, would be undone with that. */
  private mustNotBeBesideOthers(own: Unit | undefined): void {
    const { openSavepoint, flush } = this.transaction ?? {};
    if (own !== openSavepoint) {
      throw new SavepointOpen();
    }
    if (flush && currentFlush() !== flush) {
      throw new FlushUnderWay();
    }
  }

  private guard(cursor: Cursor): void {
    const read = cursor.read.bind(cursor);
    cursor.read = (...parameters) => {
      this.mustBeInItsScope();
      this.mustNotBeGivenUp();
      return read(...parameters);
    };
  }

  private watch({ timeouts, signal }: Transaction): void {
    this.deadline = setTimeout(() => {
      this.giveUp(new TransactionTooSlow());
    }, timeouts.transactionTimeoutMs);
    this.idle = setTimeout(() => {
      this.warnIfIdle();
    }, this.defaults.idleInTransactionWarningMs);
    signal?.addEventListener('abort', this.abort);
    if (signal?.aborted) {
      this.abort();
    }
  }

  private stopWatching(): void {
    this.transaction?.signal?.removeEventListener('abort', this.abort);
    clearTimeout(this.deadline);
    clearTimeout(this.idle);
    clearTimeout(this.cut);
  }

  private readonly abort = (): void => {
    this.giveUp(new Cancelled({ cause: this.transaction?.signal?.reason }));
  };

  /** Once COMMIT is sent it is too late: what becomes of it has to be known. */
  private giveUp(reason: Error): void {
    if (this.transaction?.stage !== 'open') {
      return;
    }
    this.transaction.giveUp(reason);
    if (this.isBusy) {
      this.cancel();
    }
    // Whoever began it rolls it back; where nobody does, the server is left to.
    this.cut = setTimeout(() => {
      this.destroy();
    }, GRACE_MS);
  }

  private warnIfIdle(): void {
    if (this.transaction && !this.isBusy) {
      this.logger.warn({
        msg: 'a transaction waits for something that is not the database',
        waitedMs: this.defaults.idleInTransactionWarningMs,
        ...(this.scope?.kind === 'tenant' && { tenant: this.scope.tenant.slug }),
      });
    }
  }
}
