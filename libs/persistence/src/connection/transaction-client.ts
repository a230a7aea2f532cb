import pg from 'pg';
import { errorParts, isOfFailedTransaction } from './connection-errors.ts';
import { observed } from './statement-observer.ts';
import {
  CommitInterrupted,
  errorSwallowed,
  UnexpectedRollback,
} from '../unit-of-work/transaction-errors.ts';

type Results = pg.QueryResult | readonly pg.QueryResult[];

/** What `pg` has, and its types do not. */
interface Internals {
  readonly processID: number;
  readonly secretKey: number;
}
interface CancelConnection extends pg.Connection {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
}

const BEGINS = /^(?:begin|start transaction)[\w\s,]*$/i;
const COMMITS = /^commit$/i;
const ROLLS_BACK = /^rollback$/i;

/** How the server names what begins or ends a transaction when it has done so. */
const TRANSACTION_TAGS = new Set(['BEGIN', 'START', 'COMMIT', 'ROLLBACK']);
const TO_SAVEPOINT = /\brollback\s+(?:(?:work|transaction)\s+)?to\b/i;

/** How long the server may take to undo something, or to stop what it does. */
export const GRACE_MS = 1_000;

/** Nothing came of it, since the server had undone it already. */
const UNDONE = { command: 'ROLLBACK', rowCount: null, rows: [] };

/**
 * A connection that knows how its transaction ended. COMMIT succeeds when the server has committed, and fails as
 * {@link CommitInterrupted} when nobody can tell. ROLLBACK always succeeds: the server undoes what has lost its connection.
 * Whatever goes wrong, it goes back to the pool in a state that the next one can begin with, or not at all.
 */
export class TransactionClient extends pg.Client {
  /** Of a client from a pool. */
  declare release?: pg.PoolClient['release'];
  private inFlight = 0;
  /** Why there is no connection any more. */
  private lost: Error | undefined;
  /** The server was asked to stop a statement: that may come too late, and stop a later one. */
  private cancelled = false;
  /** SQL of the work's own has begun or ended a transaction: what COMMIT would say is not about the work. */
  private endedBySql = false;

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', (error) => {
      this.lost ??= error;
    });
    this.on('end', () => {
      this.lost ??= new Error('Connection terminated');
    });
  }

  /** Whether another one may use the connection: it is alive, does nothing, and is in no transaction. */
  get isReusable(): boolean {
    return (
      !this.lost &&
      !this.cancelled &&
      !this.endedBySql &&
      !this.isBusy &&
      this.getTransactionStatus() === 'I'
    );
  }

  /** Whether a statement has been sent and not been answered. */
  protected get isBusy(): boolean {
    return this.inFlight > 0;
  }

  /** Cuts the connection, whatever it does: the server undoes what was not committed. */
  destroy(why = new Error('Connection terminated by the client')): void {
    this.lost ??= why;
    this.connection.stream.destroy();
  }

  /** Whatever is sent comes through here. It returns what `pg.Client` says, which is the type that it is used by. */
  override query(...parameters: unknown[]): never {
    const text = textOf(parameters[0]);
    return observed(text, () => this.route(text, parameters)) as never;
  }

  private route(text: string, parameters: unknown[]): unknown {
    if (COMMITS.test(text)) {
      return this.commit();
    }
    if (ROLLS_BACK.test(text)) {
      return this.rollback();
    }
    if (BEGINS.test(text) && this.getTransactionStatus() === 'I') {
      return this.begin(text);
    }
    return this.send(...parameters);
  }

  /** What is sent to begin a transaction. */
  protected beginning(begin: string): string {
    return begin;
  }

  /** COMMIT is about to be sent: gives what is to be sent in one message with it, before it. */
  protected beforeCommit(): readonly string[] {
    return [];
  }

  /** How long a reply to what begins is waited for (milliseconds); as long as the connection lasts when it is not said. */
  protected get beginTimeoutMs(): number | undefined {
    return undefined;
  }

  /** The same for a statement. The server has a limit of its own, so it only ever is silent for longer when it is gone. */
  protected get replyTimeoutMs(): number | undefined {
    return undefined;
  }

  /** The same for COMMIT. */
  protected get commitTimeoutMs(): number | undefined {
    return undefined;
  }

  /** The transaction is over, and stored when the server has said so. */
  protected ended?(committed: boolean): void;

  /**
   * Asks the server, on another connection, to stop what it does for this one, which is not used again after that.
   */
  protected cancel(): void {
    this.cancelled = true;
    const { processID, secretKey } = this as unknown as Internals;
    const { ssl, host, port } = this;
    const request = new pg.Connection({ ssl }) as CancelConnection;
    request.on('error', () => undefined);
    request.on('connect', () => {
      if (ssl) {
        request.requestSsl();
      } else {
        request.cancel(processID, secretKey);
      }
    });
    request.on('sslconnect', () => {
      request.cancel(processID, secretKey);
    });
    if (host.startsWith('/')) {
      request.connect(`${host}/.s.PGSQL.${port}`);
    } else {
      request.connect(port, host);
    }
    setTimeout(() => request.stream.destroy(), GRACE_MS).unref();
  }

  protected send(...parameters: unknown[]): unknown {
    this.mustNotHaveBeenEndedBySql();
    const sent: unknown = super.query(...(parameters as [string]));
    if (!(sent instanceof Promise)) {
      return sent;
    }
    return this.watched(sent as Promise<Results>, textOf(parameters[0]));
  }

  private async begin(begin: string): Promise<Results> {
    this.endedBySql = false;
    try {
      return await this.inTime(this.beginTimeoutMs, this.deliver(this.beginning(begin)));
    } catch (error) {
      // Kysely does not give a connection back that cannot begin.
      await this.rollback();
      this.release?.();
      throw error;
    }
  }

  private async commit(): Promise<pg.QueryResult> {
    this.mustBeCommittable();
    const message = [...this.beforeCommit(), 'commit'].join('; ');
    try {
      const results = await this.inTime(this.commitTimeoutMs, this.deliver(message));
      const last = [results].flat().at(-1);
      if (last?.command !== 'COMMIT') {
        throw errorSwallowed();
      }
      this.ended?.(true);
      return last;
    } catch (error) {
      throw await this.refusal(error);
    }
  }

  private async rollback(): Promise<object> {
    try {
      // Sent even when there seems to be no transaction: what began it may not have been answered yet.
      return this.lost ? UNDONE : await this.inTime(GRACE_MS, this.deliver('rollback'));
    } catch {
      this.destroy();
      return UNDONE;
    } finally {
      this.ended?.(false);
    }
  }

  private mustBeCommittable(): void {
    if (this.lost) {
      throw this.lost;
    }
    this.mustNotHaveBeenEndedBySql();
    switch (this.getTransactionStatus()) {
      case 'T':
        return;
      case 'E':
        throw errorSwallowed();
      case 'I':
      case null:
        throw new UnexpectedRollback('there is no transaction any more.');
    }
  }

  private mustNotHaveBeenEndedBySql(): void {
    if (this.endedBySql) {
      throw new UnexpectedRollback('SQL of its own has ended the transaction.');
    }
  }

  private async refusal(error: unknown): Promise<unknown> {
    if (isOfFailedTransaction(error)) {
      return errorSwallowed(error);
    }
    return error instanceof UnexpectedRollback || (await this.answers())
      ? error
      : new CommitInterrupted(error);
  }

  /** An error of COMMIT is the server's last word when it ends the connection: it may have committed all the same. */
  private async answers(): Promise<boolean> {
    try {
      await this.inTime(GRACE_MS, this.deliver(';'));
      return true;
    } catch {
      return false;
    }
  }

  /** Of `pg` as it is: neither looked at nor refused. */
  private async deliver(text: string): Promise<Results> {
    this.inFlight += 1;
    try {
      return await (super.query(text) as Promise<Results>);
    } finally {
      this.inFlight -= 1;
    }
  }

  private async inTime<Result>(ms: number | undefined, reply: Promise<Result>): Promise<Result> {
    const destroy = (): void => {
      this.destroy(silence(ms));
    };
    const timer = ms === undefined ? undefined : setTimeout(destroy, ms);
    try {
      return await reply;
    } finally {
      clearTimeout(timer);
    }
  }

  private async watched(reply: Promise<Results>, text: string): Promise<Results> {
    this.inFlight += 1;
    try {
      const results = await this.inTime(this.replyTimeoutMs, reply);
      this.mustHaveLeftTheTransaction(results, text);
      return results;
    } catch (error) {
      // What ended the connection says more than that it has ended.
      throw errorParts(error).code === undefined && this.lost ? this.lost : error;
    } finally {
      this.inFlight -= 1;
    }
  }

  private mustHaveLeftTheTransaction(results: Results, text: string): void {
    const ends = ({ command }: pg.QueryResult): boolean =>
      TRANSACTION_TAGS.has(command) && !(command === 'ROLLBACK' && TO_SAVEPOINT.test(text));
    if ([results].flat().some(ends)) {
      this.endedBySql = true;
      throw new UnexpectedRollback(
        'SQL of its own has begun or ended a transaction. Leave that to the unit of work; what was committed by that is stored.',
      );
    }
  }
}

/** It counts as what a network says that gives up. */
function silence(ms = 0): Error {
  const error = new Error(`The server has not answered for ${ms} ms`);
  return Object.assign(error, { code: 'ETIMEDOUT' });
}

function textOf(statement: unknown): string {
  return typeof statement === 'string' ? statement : (statement as { readonly text: string }).text;
}
