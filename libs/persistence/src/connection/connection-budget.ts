import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { DatabaseConfig } from '@tenantry/platform';
import { type TenantContext } from '../tenant-context/tenant-context.ts';
import { type TransactionalService } from '../unit-of-work/transactional.service.ts';

/** Of each process, for looking at how the database is: one for readiness, one for the report. */
const PROBES = 2;

/** What a server says of its connections. A limit of -1 is none. */
export interface ServerConnections {
  readonly max: number;
  /** Those that it keeps for superusers and its own. */
  readonly reserved: number;
  /** Of other logins than this one. */
  readonly others: number;
  readonly roleLimit: number;
  readonly databaseLimit: number;
}

/** What all processes together may want, and what there is for them. */
export interface BudgetedConnections {
  readonly wanted: number;
  readonly available: number;
}

/** Compares what the pools of all processes may come to with what the server can give them; a pure function. */
export function budgetOf(
  { poolMax, poolReserved, instances }: DatabaseConfig,
  { max, reserved, others, roleLimit, databaseLimit }: ServerConnections,
): BudgetedConnections {
  const limits = [roleLimit, databaseLimit].filter((limit) => limit >= 0);
  return {
    wanted: (poolMax + poolReserved + PROBES) * instances,
    available: Math.max(0, Math.min(max - reserved - others, ...limits)),
  };
}

/**
 * Says when a process starts whether the server has the connections that the pools may come to want. Where it has not they
 * fail when all is busy, and not before: so that is a warning, and no reason not to start.
 */

export class ConnectionBudget implements OnApplicationBootstrap {
  private readonly logger = new Logger('Database');

  constructor(
    private readonly config: DatabaseConfig,
    private readonly context: TenantContext,
    private readonly transactional: TransactionalService,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    try {
      this.tell(await this.read());
    } catch (error) {
      // Before the first migration there is no role to look with; and that a server is away is told of elsewhere.
      this.logger.warn({ err: error, msg: 'it is not known how many connections the server has' });
    }
  }

  private tell(server: ServerConnections): void {
    const { poolMax, poolReserved, instances } = this.config;
    const budget = budgetOf(this.config, server);
    const found = { ...budget, poolMax, poolReserved, instances, ...server };
    if (budget.wanted > budget.available) {
      this.logger.warn({
        msg: 'the pools may want more connections than the server can give: lower DB_POOL_MAX or DB_INSTANCES, raise max_connections, or put a pooler in between',
        ...found,
      });
    } else {
      this.logger.log({ msg: 'the server has the connections that the pools may want', ...found });
    }
  }

  private async read(): Promise<ServerConnections> {
    const [server] = await this.context.runAsReader(() =>
      this.transactional.run((transaction) => transaction.execute<[ServerConnections]>(FACTS), {
        readOnly: true,
      }),
    );
    return server;
  }
}

/** What sessions of others do is hidden from the app's login; whose they are is not. */
const FACTS = `select
  current_setting('max_connections')::int as "max",
  current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true), '0')::int as "reserved",
  (select count(*)::int from pg_stat_activity a
   where usesysid is not null and usename <> session_user and not exists (
     select from pg_stat_replication r where r.pid = a.pid)) as "others",
  (select rolconnlimit from pg_roles where rolname = session_user) as "roleLimit",
  (select datconnlimit from pg_database where datname = current_database()) as "databaseLimit"`;
