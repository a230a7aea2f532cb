import { PostgreSqlConnection } from '@mikro-orm/postgresql';
import { currentFlush } from '../unit-of-work/flush-queue.ts';
import { scopes, type Timeouts, timeoutsIn } from '../tenant-context/scope.ts';
import {
  OWN_TRANSACTION,
  savepoints,
  Transaction,
  transactions,
} from '../unit-of-work/transaction.ts';
import { StreamOpen } from '../unit-of-work/transaction-errors.ts';
import { type CompiledQuery, PostgresDialect, type QueryResult } from 'kysely';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { ReservingPool, type ReservingPoolConfig } from './reserving-pool.ts';
import { ScopedClient, type ScopedClientConfig } from './scoped-client.ts';
import { SupervisedPool } from './supervised-pool.ts';
import { TransactionClient } from './transaction-client.ts';

/** MikroORM's connection, with a pool that loses no place and clients that know how their transactions ended. */
export class SupervisedConnection extends PostgreSqlConnection {
  private pool: SupervisedPool | undefined;

  override createKyselyDialect(overrides: pg.PoolConfig): PostgresDialect {
    this.pool = this.createPool(this.mapOptions(overrides));
    // Kysely cancels queries by way of a plain client: it belongs to no transaction.
    return new PostgresDialect({ pool: this.pool, cursor: Cursor, controlClient: pg.Client });
  }

  protected createPool(options: pg.PoolConfig): SupervisedPool {
    return new SupervisedPool({ ...options, Client: TransactionClient });
  }

  override async getNativeClient(): Promise<SupervisedPool> {
    await this.ensureConnection();
    return this.requireNativeClient(this.pool);
  }

  override async close(force?: boolean): Promise<void> {
    await super.close(force);
    // Kysely leaves a pool alone that it has never used.
    if (this.pool && !this.pool.ending) {
      await this.pool.end();
    }
  }
}

/** The transactions in which rows are streamed, whichever savepoint of theirs that is in. */
const streaming = new WeakSet();
/**
 * Which transaction it is that MikroORM knows by a handle, or one of its savepoints. MikroORM asks the primary's connection for
 * what is done in any transaction, also in one that was begun on a replica.
 */
const owners = new WeakMap<object, Transaction>();

type Handle = Parameters<PostgreSqlConnection['commit']>[0];

/** What MikroORM knows a transaction by that is one statement. */
const LONE = Object.freeze({}) as Handle;

/** The app's: what is sent has to be in a scope, which its connections enter as a transaction begins. */
export class ScopedConnection extends SupervisedConnection {
  protected override createPool(options: pg.PoolConfig): SupervisedPool {
    const Client: typeof pg.Client = ScopedClient;
    return new ReservingPool({ ...(options as ReservingPoolConfig), Client });
  }

  /**
   * Of what MikroORM does in transactions of its own, all but flushes are single statements, which begin and end them. It returns
   * what `PostgreSqlConnection` says.
   */
  override transactional(
    ...[work, options = {}]: Parameters<PostgreSqlConnection['transactional']>
  ): never {
    const isFlush = options.eventBroadcaster !== undefined;
    const isLone = options.sessionContext === OWN_TRANSACTION && !isFlush;
    return (isLone ? work(LONE) : super.transactional(work, options)) as never;
  }

  /** The rows of one statement that stands alone, without what MikroORM does for one. */
  read<Row extends object>(sql: string): Promise<Row[]> {
    return this.alone((client) =>
      this.executeQuery<Row[]>(sql, async () => (await client.query<Row>(sql)).rows),
    );
  }

  /** In a transaction of its own, without what Kysely does for one. */
  private async alone<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const pool = await this.getNativeClient();
    return this.onItsOwn(async () => {
      const client = await pool.connect();
      // A connection that cannot begin gives itself back.
      await client.query('begin');
      try {
        const result = await work(client);
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    });
  }

  private onItsOwn<Result>(run: () => Result): Result {
    const scope = scopes.getStore();
    const timeouts = timeoutsIn(scope, this.timeouts);
    const transaction = new Transaction(timeouts, scope?.signal, transactions.getStore());
    transaction.isAlone = true;
    return transactions.run(transaction, run);
  }

  /**
   * MikroORM would enter a session by one more statement, whichever it is given. And what a flush outside of units of work
   * begins is that flush's, as opposed to what those begin who listen to it.
   */
  override async begin(
    options: Parameters<PostgreSqlConnection['begin']>[0] = {},
  ): ReturnType<PostgreSqlConnection['begin']> {
    const { isolationLevel, readOnly, ctx, eventBroadcaster, loggerContext } = options;
    this.mustNotStream(ctx);
    if (ctx) {
      // Kysely would let a savepoint overtake what was asked for before it.
      await ctx.getExecutor().provideConnection(() => Promise.resolve());
    }
    const unit = eventBroadcaster && currentFlush()?.unit;
    const begin = (): ReturnType<PostgreSqlConnection['begin']> =>
      super.begin({
        ...(isolationLevel && { isolationLevel }),
        ...(readOnly && { readOnly }),
        ...(ctx && { ctx }),
        ...(eventBroadcaster && { eventBroadcaster }),
        ...(loggerContext && { loggerContext }),
      });
    const flush = unit?.transaction.stage === 'new' ? unit.transaction : undefined;
    const current = flush ?? transactions.getStore();
    const isItsBegin = !ctx && current?.stage === 'new';
    const handle = await (flush ? transactions.run(flush, begin) : begin());
    const owner = isItsBegin ? current : this.ownerOf(ctx);
    if (owner) {
      owners.set(handle, owner);
    }
    return handle;
  }

  override async commit(
    ...[ctx, ...rest]: Parameters<PostgreSqlConnection['commit']>
  ): Promise<void> {
    this.mustNotStream(ctx);
    await super.commit(ctx, ...rest);
  }

  /**
   * What is asked for beside a savepoint waits for its end: not later, where it would be in the way of what ends it. It returns
   * what `PostgreSqlConnection` says.
   */
  override execute(...parameters: Parameters<PostgreSqlConnection['execute']>): never {
    return this.executeInTurn(...parameters) as never;
  }

  private async executeInTurn(
    ...parameters: Parameters<PostgreSqlConnection['execute']>
  ): Promise<unknown> {
    const [query, values, method, , loggerContext] = parameters;
    const ctx = parameters[3] as object | undefined;
    if (ctx === LONE) {
      // Kysely knows how to stop it when a signal says so.
      return isAbortable(loggerContext)
        ? this.onItsOwn(() =>
            super.transactional((whole) =>
              super.execute(query, values, method, whole, loggerContext),
            ),
          )
        : this.alone((client) =>
            super.execute(query, values, method, asTransaction(client), loggerContext),
          );
    }
    const transaction = this.ownerOf(ctx);
    while (
      transaction?.savepoint?.isOver === false &&
      transaction.savepoint !== savepoints.getStore()
    ) {
      await transaction.savepoint.over;
    }
    this.mustNotStream(ctx);
    return super.execute(...parameters);
  }

  /**
   * Kysely has whatever else is sent in the same transaction wait for the end of a stream: for ever, where it is for whoever
   * reads that. It returns what `PostgreSqlConnection` says, too.
   */
  override stream(...parameters: Parameters<PostgreSqlConnection['stream']>): never {
    return this.streamAlone(...parameters) as never;
  }

  private async *streamAlone(
    ...[query, parameters, ctx, ...rest]: Parameters<PostgreSqlConnection['stream']>
  ): AsyncGenerator {
    this.mustNotStream(ctx);
    const whole = this.ownerOf(ctx) ?? ctx;
    if (ctx && whole) {
      streaming.add(whole);
    }
    try {
      yield* super.stream(query, parameters, ctx, ...rest);
    } finally {
      if (whole) {
        streaming.delete(whole);
      }
    }
  }

  /** Whether rows are streamed in a transaction, by what it is known as here or to MikroORM. */
  isStreaming(...whole: readonly object[]): boolean {
    return whole.some((one) => streaming.has(one));
  }

  private mustNotStream(ctx: object | undefined): void {
    if (ctx && this.isStreaming(ctx, this.ownerOf(ctx) ?? ctx)) {
      throw new StreamOpen();
    }
  }

  private get timeouts(): Timeouts {
    return (this.config.get('driverOptions') as unknown as ScopedClientConfig).timeouts;
  }

  private ownerOf(ctx: object | undefined): Transaction | undefined {
    return ctx && owners.get(ctx);
  }
}

function isAbortable(context: object | undefined): boolean {
  return (context as { readonly signal?: AbortSignal } | undefined)?.signal !== undefined;
}

/** As much of Kysely's as MikroORM uses for a statement. */
function asTransaction(client: pg.PoolClient): Handle {
  return {
    executeQuery: async ({ sql }: CompiledQuery) => resultOf(await client.query(sql)),
  } as unknown as Handle;
}

const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** Of several statements at once it has no rows, as Kysely has it. */
function resultOf({ command, rowCount, rows }: Partial<pg.QueryResult>): QueryResult<unknown> {
  return {
    rows: rows ?? [],
    ...(command !== undefined &&
      CHANGES.has(command) && { numAffectedRows: BigInt(rowCount ?? 0) }),
  };
}
