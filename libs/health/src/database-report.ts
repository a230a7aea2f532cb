import { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import {
  CATALOG,
  isInRange,
  type PoolStatistics,
  readFleetStatus,
  readPoolStatistics,
  type TargetPlan,
} from '@tenantry/persistence';

/** How many placements are named, the largest and those that lag behind. */
const MOST = 20;

/** What an operator wants to know of the database (sizes in bytes, times in seconds). */
export interface DatabaseStatistics {
  readonly server: {
    readonly version: string;
    readonly uptime: number;
    readonly readOnly: boolean;
  };
  readonly pool: PoolStatistics;
  readonly connections: {
    readonly max: number;
    readonly byState: Readonly<Record<string, number>>;
  };
  readonly sizes: {
    readonly database: number;
    readonly largestPlacements: readonly { readonly schema: string; readonly size: number }[];
  };
  /** The one that has been open longest, of all sessions on this database; `null` when none is. */
  readonly oldestTransaction: { readonly age: number; readonly state: string } | null;
  readonly migrations: {
    readonly catalog: MigrationState;
    readonly placements: readonly { readonly version: string | null; readonly count: number }[];
    /** Placements that this build cannot serve: their tenants are answered with 503. */
    readonly outOfRange: readonly ({ readonly schema: string } & MigrationState)[];
  };
}

export interface MigrationState {
  /** The newest that has been applied. */
  readonly version: string | null;
  readonly pending: readonly string[];
  /** What has been applied of a newer build's that takes away what this one needs. */
  readonly contracted: readonly string[];
}

/** Statistics of the database, for operators. */
@Injectable()
export class DatabaseReport {
  constructor(
    private readonly entityManager: EntityManager,
    private readonly orm: MikroORM,
  ) {}

  /** Within the operator's scope. */
  async read(): Promise<DatabaseStatistics> {
    const pool = await readPoolStatistics(this.orm);
    const [facts] =
      await this.entityManager.execute<[Omit<DatabaseStatistics, 'pool' | 'migrations'>]>(FACTS);
    return { ...facts, pool, migrations: summary(await readFleetStatus(this.entityManager)) };
  }
}

function summary(targets: readonly TargetPlan[]): DatabaseStatistics['migrations'] {
  const catalog = targets.find(({ name }) => name === CATALOG.name);
  const placements = targets.filter(({ list }) => list === 'tenant');
  const counts = Map.groupBy(placements, versionOf);
  return {
    catalog: catalog ? stateOf(catalog) : { version: null, pending: [], contracted: [] },
    placements: [...counts].map(([version, { length }]) => ({ version, count: length })),
    outOfRange: placements
      .filter((target) => !isInRange(target))
      .slice(0, MOST)
      .map((target) => ({ schema: target.name, ...stateOf(target) })),
  };
}

function stateOf(target: TargetPlan): MigrationState {
  const { pending, contracted } = target;
  return { version: versionOf(target), pending, contracted };
}

function versionOf({ applied }: TargetPlan): string | null {
  return applied.at(-1) ?? null;
}

const FACTS = `
  select
    json_build_object(
      'version', current_setting('server_version'),
      'uptime', extract(epoch from now() - pg_postmaster_start_time())::int,
      'readOnly', pg_is_in_recovery() or current_setting('transaction_read_only')::boolean
    ) as "server",
    json_build_object(
      'max', current_setting('max_connections')::int,
      'byState', (
        select coalesce(json_object_agg(state, number), '{}')
        from (
          select coalesce(state, 'hidden') as state, count(*) as number
          from pg_stat_activity where datname = current_database() group by 1
        ) by_state
      )
    ) as "connections",
    json_build_object(
      'database', pg_database_size(current_database()),
      'largestPlacements', (
        select coalesce(json_agg(json_build_object('schema', schema_name, 'size', size)), '[]')
        from (
          select p.schema_name, sum(pg_total_relation_size(c.oid))::bigint as size
          from catalog.placement p
          join pg_namespace n on n.nspname = p.schema_name
          join pg_class c on c.relnamespace = n.oid and c.relkind = 'r'
          group by 1 order by 2 desc limit ${MOST}
        ) largest
      )
    ) as "sizes",
    (
      select json_build_object('age', extract(epoch from now() - xact_start)::int, 'state', state)
      from pg_stat_activity
      where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()
      order by xact_start limit 1
    ) as "oldestTransaction"`;
