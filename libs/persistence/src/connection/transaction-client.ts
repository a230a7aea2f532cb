import pg from 'pg';
import { errorParts, isOfFailedTransaction, sqlStateOf } from './connection-errors.ts';
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
/** What is sent when its turn has come, unless it says why not. */
interface Submitted {
  submit?: (connection: pg.Connection) => Error | null;
}
interface CancelConnection extends pg.Connection {
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processID: number, secretKey: number): void;
}

const BEGINS = /^(?:begin|start transaction)[\w\s,]*$/i;
const COMMITS = /^commit$/i;
const ROLLS_BACK = /^rollback$/i;
const READS = /^\s*(?:select|with)\b/i;

/** A connection that has answered within this time is there, as far as anybody can tell. */
const FRESH_MS = 1_000;

const READ_ONLY_TRANSACTION = '25006';

/** How the server names what begins or ends a transaction when it has done so. */
const TRANSACTION_TAGS = new Set(['BEGIN', 'START', 'COMMIT', 'ROLLBACK']);
const TO_SAVEPOINT = /\brollback\s+(?:(?:work|transaction)\s+)?to\b/i;

/** How long the server may take to undo something, or to stop what it does. */
export const GRACE_MS = 1_000;

/** What is said of what was not sent, as if it had been: there was no need. */
const BEGUN = unsent('BEGIN');
const COMMITTED = unsent('COMMIT');
const UNDONE = unsent('ROLLBACK');

/**
 * A connection that knows how its transaction ended. COMMIT succeeds when the server has committed, and fails as
 * {@link CommitInterrupted} when nobody can tell. ROLLBACK always succeeds: the server undoes what has lost its connection.
 * Whatever goes wrong, it goes back to the pool in a state that the next one can begin with, or not at all.
 *
 * What begins a transaction is held back and sent in one message with its first statement, so it costs no round trip, and a
 * transaction without any sends nothing. A read that is known to stand alone takes COMMIT along too.
 */
export class TransactionClient extends pg.Client {
  /** Of a client from a pool. */
  declare release?: pg.PoolClient['release'];
  /** By which the transaction is to begin, of which nothing has been sent yet. */
  private held: string | undefined;
  /** Settles when it is known whether the transaction has begun: until then nothing else is sent, which would be in none. */
  private opening: Promise<unknown> | undefined;
  private inFlight = 0;
  /** When the server has answered for the last time, by a clock that nobody sets (milliseconds). */
  private answeredAt = -Infinity;
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
    this.connection.on('readyForQuery', () => {
      this.answeredAt = performance.now();
    });
  }

  /** Whether another one may use the connection: it is alive, does nothing, and is in no transaction. */
  get isReusable(): boolean {
    return !this.lost && !this.cancelled && !this.endedBySql && !this.isBusy && this.isFree;
  }

  /** Whether it is in no transaction, not even in one that has not been sent yet. */
  private get isFree(): boolean {
    return !this.isHeld && this.getTransactionStatus() === 'I';
  }

  /** Whether there is a transaction of which the server knows nothing. */
  protected get isHeld(): boolean {
    return this.held !== undefined;
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
    return this.route(textOf(parameters[0]), parameters) as never;
  }

  private route(text: string, parameters: unknown[]): unknown {
    if (COMMITS.test(text)) {
      return this.commit();
    }
    if (ROLLS_BACK.test(text)) {
      return this.rollback();
    }
    if (BEGINS.test(text) && this.isFree) {
      return this.begin(text);
    }
    return observed(text, () => this.send(...parameters));
  }

  /** A transaction is asked for. */
  protected opens?(begin: string): void;

  /** The statements that begin it, each with one result. */
  protected beginning(begin: string): readonly string[] {
    return [begin];
  }

  /** Whether each statement of the transaction stands alone: one that reads is stored, or not, by itself. */
  protected standsAlone?(): boolean;

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
    if (this.opening) {
      return this.sendAfter(this.opening, parameters);
    }
    const { held } = this;
    if (held === undefined) {
      return this.sendNext(parameters);
    }
    this.held = undefined;
    const [statement, values, ...rest] = parameters;
    const isPlain =
      typeof statement === 'string' && (values === undefined || isEmpty(values)) && isEmpty(rest);
    if (!isPlain) {
      return this.sendAfter(this.opened(this.deliver(this.beginning(held))), parameters);
    }
    const first =
      this.standsAlone?.() && READS.test(statement)
        ? this.deliverAlone(held, statement)
        : this.deliverFirst(held, statement);
    return this.watched(this.opened(first), statement);
  }

  private opened<Result>(first: Promise<Result>): Promise<Result> {
    const isKnown = (): void => {
      this.opening = undefined;
    };
    this.opening = first.then(isKnown, isKnown);
    return first;
  }

  private sendNext(parameters: unknown[]): unknown {
    const sent: unknown = super.query(...(parameters as [string]));
    return sent instanceof Promise
      ? this.watched(sent as Promise<Results>, textOf(parameters[0]))
      : sent;
  }

  /** What has parameters, or is answered in pieces, cannot be in one message with anything. */
  private sendAfter(begun: Promise<unknown>, parameters: unknown[]): unknown {
    const [statement] = parameters as [string | Submitted];
    if (typeof statement === 'string' || !statement.submit) {
      return begun.then(() => TransactionClient.prototype.send.apply(this, parameters));
    }
    // Its answer says so as well.
    begun.catch(() => undefined);
    const submit = statement.submit.bind(statement);
    statement.submit = (connection) =>
      this.getTransactionStatus() === 'T'
        ? submit(connection)
        : new UnexpectedRollback('its transaction could not begin.');
    return this.sendNext(parameters);
  }

  /** In one message with what begins its transaction. */
  private async deliverFirst(begin: string, text: string): Promise<Results> {
    const beginning = this.beginning(begin);
    try {
      return only(await this.deliver([...beginning, text]), beginning.length);
    } catch (error) {
      return this.deliverAgain(error, beginning, text);
    }
  }

  /** In one message with all of a transaction that only reads; what cannot is done in one that may write. */
  private async deliverAlone(begin: string, text: string): Promise<Results> {
    const beginning = this.beginning('begin read only');
    try {
      // A line of its own: the text may end in a comment.
      const results = await this.deliver([...beginning, `${text}\n`, 'commit']);
      this.held = begin;
      return only(results, beginning.length, -1);
    } catch (error) {
      if (sqlStateOf(error) !== READ_ONLY_TRANSACTION) {
        return this.deliverAgain(error, this.beginning(begin), text);
      }
      await this.deliver(['rollback']);
      return this.deliverFirst(begin, text);
    }
  }

  /**
   * Where a text cannot be parsed the server has done nothing of its message, not even begun: then it fails again, in its
   * transaction, which has failed with it.
   */
  private async deliverAgain(
    error: unknown,
    beginning: readonly string[],
    text: string,
  ): Promise<Results> {
    // Only after its next answer it is known how the server stands.
    if (this.lost || !(await this.answers()) || this.getTransactionStatus() !== 'I') {
      throw error;
    }
    await this.deliver(beginning);
    return this.deliver([text]);
  }

  private async begin(begin: string): Promise<object> {
    this.endedBySql = false;
    this.held = begin;
    this.opens?.(begin);
    // Whether it is still there is found out before any work is done, which could not be done again.
    if (performance.now() - this.answeredAt > FRESH_MS) {
      await observed(begin, () => this.beginNow(begin));
    }
    return BEGUN;
  }

  private async beginNow(begin: string): Promise<void> {
    this.held = undefined;
    try {
      await this.inTime(this.beginTimeoutMs, this.opened(this.deliver(this.beginning(begin))));
    } catch (error) {
      // Kysely does not give a connection back that cannot begin.
      await this.rollback();
      this.release?.();
      throw error;
    }
  }

  private async commit(): Promise<object> {
    this.mustBeCommittable();
    const closing = this.beforeCommit();
    const { held } = this;
    if (held !== undefined && isEmpty(closing)) {
      return this.without(COMMITTED);
    }
    this.held = undefined;
    const beginning = held === undefined ? [] : this.beginning(held);
    return observed('commit', () =>
      this.sendCommit([...beginning, ...closing, 'commit']),
    ) as Promise<object>;
  }

  private async sendCommit(message: readonly string[]): Promise<pg.QueryResult> {
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

  private rollback(): Promise<object> {
    return this.isHeld
      ? Promise.resolve(this.without(UNDONE))
      : (observed('rollback', () => this.sendRollback()) as Promise<object>);
  }

  /** Ends a transaction of which nothing was sent, or nothing has come after what was done alone. */
  private without(answer: object): object {
    this.ended?.(answer === COMMITTED);
    this.held = undefined;
    return answer;
  }

  private async sendRollback(): Promise<object> {
    try {
      // Sent even when there seems to be no transaction: what began it may not have been answered yet.
      return this.lost ? UNDONE : await this.inTime(GRACE_MS, this.deliver(['rollback']));
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
    if (this.isHeld) {
      return;
    }
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
      await this.inTime(GRACE_MS, this.deliver(['']));
      return true;
    } catch {
      return false;
    }
  }

  /** In one message, of `pg` as it is: neither looked at nor refused. */
  private async deliver(message: readonly string[]): Promise<Results> {
    this.inFlight += 1;
    try {
      return await (super.query(message.join('; ')) as Promise<Results>);
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

function unsent(command: string): pg.QueryResult {
  return { command, rowCount: null, oid: 0, rows: [], fields: [] };
}

/** The results that a text has in a message that has more: one, or all of those that are not its only one, as `pg` has it. */
function only(results: Results, from: number, to?: number): Results {
  const [first = unsent(''), ...rest] = [results].flat().slice(from, to);
  return isEmpty(rest) ? first : [first, ...rest];
}

function isEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length === 0;
}

function textOf(statement: unknown): string {
  return typeof statement === 'string' ? statement : (statement as { readonly text: string }).text;
}
