import { PostgreSqlConnection } from '@mikro-orm/postgresql';
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

  /** MikroORM would enter a session by one more statement, whichever it is given. */
  override begin(
    options: Parameters<PostgreSqlConnection['begin']>[0] = {},
  ): ReturnType<PostgreSqlConnection['begin']> {
    const { isolationLevel, readOnly, ctx, eventBroadcaster, loggerContext } = options;
    return super.begin({
      ...(isolationLevel && { isolationLevel }),
      ...(readOnly && { readOnly }),
      ...(ctx && { ctx }),
      ...(eventBroadcaster && { eventBroadcaster }),
      ...(loggerContext && { loggerContext }),
    });
  }
}
