import { PostgreSqlConnection } from '@mikro-orm/postgresql';
import { flushing, transactions } from '../unit-of-work/transaction.ts';
import { StreamOpen } from '../unit-of-work/transaction-errors.ts';
import { PostgresDialect } from 'kysely';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { ScopedClient } from './scoped-client.ts';
import { SupervisedPool } from './supervised-pool.ts';
import { TransactionClient } from './transaction-client.ts';

/** MikroORM's connection, with a pool that loses no place and clients that know how their transactions ended. */
export class SupervisedConnection extends PostgreSqlConnection {
  protected readonly client: typeof pg.Client = TransactionClient;
  private pool: SupervisedPool | undefined;

  override createKyselyDialect(overrides: pg.PoolConfig): PostgresDialect {
    const { client: Client } = this;
    this.pool = new SupervisedPool({ ...this.mapOptions(overrides), Client });
    // Kysely cancels queries by way of a plain client: it belongs to no transaction.
    return new PostgresDialect({ pool: this.pool, cursor: Cursor, controlClient: pg.Client });
  }

  override async getNativeClient(): Promise<pg.Pool> {
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

/** The app's: what is sent has to be in a scope, which its connections enter as a transaction begins. */
export class ScopedConnection extends SupervisedConnection {
  protected override readonly client: typeof pg.Client = ScopedClient;
  /** The transactions in which rows are streamed. */
  private readonly streaming = new WeakSet();

  /**
   * MikroORM would enter a session by one more statement, whichever it is given. And what a flush outside of units of work
   * begins is that flush's, as opposed to what those begin who listen to it.
   */
  override begin(
    options: Parameters<PostgreSqlConnection['begin']>[0] = {},
  ): ReturnType<PostgreSqlConnection['begin']> {
    const { isolationLevel, readOnly, ctx, eventBroadcaster, loggerContext } = options;
    this.mustNotStream(ctx);
    const unit = eventBroadcaster && flushing.getStore();
    const begin = (): ReturnType<PostgreSqlConnection['begin']> =>
      super.begin({
        ...(isolationLevel && { isolationLevel }),
        ...(readOnly && { readOnly }),
        ...(ctx && { ctx }),
        ...(eventBroadcaster && { eventBroadcaster }),
        ...(loggerContext && { loggerContext }),
      });
    return unit ? transactions.run(unit.transaction, begin) : begin();
  }

  override async commit(
    ...[ctx, ...rest]: Parameters<PostgreSqlConnection['commit']>
  ): Promise<void> {
    this.mustNotStream(ctx);
    await super.commit(ctx, ...rest);
  }

  /** It returns what `PostgreSqlConnection` says. */
  override execute(...parameters: Parameters<PostgreSqlConnection['execute']>): never {
    this.mustNotStream(parameters[3] as object | undefined);
    return super.execute(...parameters) as never;
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
    if (ctx) {
      this.streaming.add(ctx);
    }
    try {
      yield* super.stream(query, parameters, ctx, ...rest);
    } finally {
      if (ctx) {
        this.streaming.delete(ctx);
      }
    }
  }

  /** Whether rows are streamed in a transaction. */
  isStreaming(ctx: object): boolean {
    return this.streaming.has(ctx);
  }

  private mustNotStream(ctx: object | undefined): void {
    if (ctx && this.isStreaming(ctx)) {
      throw new StreamOpen();
    }
  }
}
