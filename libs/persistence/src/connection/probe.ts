import pg from 'pg';
import { enterScope, OperatorScope, ReaderScope } from '../tenant-context/scope.ts';
import { reasonOf } from './connection-errors.ts';
import type { Queryable } from './queryable.ts';
import { TransactionClient } from './transaction-client.ts';

/** The server has not answered in time. What it was asked has been cancelled, and the connection cut. */
export class ProbeTimedOut extends Error {
  override readonly name = 'ProbeTimedOut';

  constructor(deadlineMs: number) {
    super(`the server has not answered within ${deadlineMs} ms`);
  }
}

/** There is no connection to be had, and so no answer to anything else either. */
export class ProbeCannotConnect extends Error {
  override readonly name = 'ProbeCannotConnect';

  constructor(reason: string, cause?: unknown) {
    super(`the server cannot be connected to: ${reason}`, { cause });
  }
}

/** On whose behalf a probe looks: the program's own, or, for statistics that only they may see, operators'. */
export type ProbeRole = 'reader' | 'operator';

/**
 * Looks at the database over one connection of its own, which is made when it is first needed and again when it is lost: so
 * it sees how the server is when the pool has nothing to give. It can change nothing, and it leaves nothing behind.
 */
export class Probe {
  private client: ProbeClient | undefined;
  private isClosed = false;

  /** @param purpose for whoever sees it among the server's sessions */
  constructor(
    private readonly url: string,
    private readonly purpose: string,
    private readonly role: ProbeRole,
  ) {}

  /**
   * What is asked by way of it, one thing after the other, has to be answered by then, all of it and connecting included.
   * @throws {ProbeTimedOut} by what it gives
   * @throws {ProbeCannotConnect} likewise
   */
  within(deadlineMs: number): Queryable {
    const end = performance.now() + deadlineMs;
    return {
      execute: async <Rows extends object[]>(sql: string, parameters: unknown[] = []) =>
        (await this.ask(
          interpolated(sql, parameters),
          end - performance.now(),
          deadlineMs,
        )) as Rows,
    };
  }

  /** Cuts the connection, whatever it is used for. There is none after that. */
  close(): void {
    this.isClosed = true;
    this.client?.giveUp();
  }

  private async ask(sql: string, leftMs: number, deadlineMs: number): Promise<object[]> {
    if (leftMs <= 0) {
      throw new ProbeTimedOut(deadlineMs);
    }
    const client = this.connection();
    const expired = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.forget(client);
      client.giveUp();
      expired.reject(
        client.isOpen
          ? new ProbeTimedOut(deadlineMs)
          : new ProbeCannotConnect(`no answer within ${deadlineMs} ms`),
      );
    }, leftMs);
    try {
      return await Promise.race([this.answer(client, sql, leftMs), expired.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async answer(client: ProbeClient, sql: string, leftMs: number): Promise<object[]> {
    try {
      await client.open();
    } catch (error) {
      this.forget(client);
      client.giveUp();
      throw new ProbeCannotConnect(reasonOf(error), error);
    }
    return client.read(`${this.entering(leftMs)}; ${sql}`);
  }

  /** What comes in one message is one transaction: all of this is forgotten with it. The server keeps the deadline, too. */
  private entering(leftMs: number): string {
    const ms = Math.max(1, Math.ceil(leftMs));
    const scope = this.role === 'reader' ? new ReaderScope() : new OperatorScope(this.purpose);
    const timeouts = {
      statementTimeoutMs: ms,
      lockTimeoutMs: ms,
      idleInTransactionTimeoutMs: ms,
      transactionTimeoutMs: ms,
      commitTimeoutMs: ms,
    };
    // Of version 0: a server that limits whole transactions would end the connection by that.
    return [
      `select set_config('transaction_read_only', 'on', true)`,
      ...enterScope(scope, timeouts, 0),
      `select set_config('application_name', ${pg.escapeLiteral(this.name)}, true)`,
    ].join('; ');
  }

  /** Also while it looks, when others go by the name of whoever they work for. */
  private get name(): string {
    return `tenantry probe: ${this.purpose}`;
  }

  private connection(): ProbeClient {
    if (this.isClosed) {
      throw new Error('the probe has been closed');
    }
    this.client ??= this.newClient();
    return this.client;
  }

  private newClient(): ProbeClient {
    const client = new ProbeClient({
      connectionString: this.url,
      application_name: this.name,
      keepAlive: true,
    });
    client.once('end', () => {
      this.forget(client);
    });
    return client;
  }

  private forget(client: ProbeClient): void {
    if (this.client === client) {
      this.client = undefined;
    }
  }
}

class ProbeClient extends TransactionClient {
  isOpen = false;
  private connecting: Promise<void> | undefined;

  open(): Promise<void> {
    this.connecting ??= this.connect().then(() => {
      this.isOpen = true;
    });
    return this.connecting;
  }

  /** The rows of the last statement of a message. */
  async read(message: string): Promise<object[]> {
    const results = (await this.send(message)) as pg.QueryResult<object> | pg.QueryResult<object>[];
    return [results].flat().at(-1)?.rows ?? [];
  }

  /** The server is asked to stop what it does for this connection, whose end it may not notice while it is busy. */
  giveUp(): void {
    if (this.isBusy) {
      this.cancel();
    }
    this.destroy();
  }
}

/** Several statements in a message take no parameters. */
function interpolated(sql: string, parameters: readonly unknown[]): string {
  let next = 0;
  return parameters.length === 0
    ? sql
    : sql.replaceAll('?', () => pg.escapeLiteral(String(parameters[next++])));
}
