import { MikroORM, type Options } from '@mikro-orm/postgresql';
import type { DatabaseConfig } from '@tenantry/platform';
import { RemovalGuard } from '../unit-of-work/removal-guard.ts';
import { UnitSubscriber } from '../unit-of-work/unit-subscriber.ts';
import { CollectionSubscriber } from '../mapping/collection-subscriber.ts';
import { catalogMappings, tenantMappings } from '../mapping/mappings.ts';
import { TenantContextMissing } from '../tenant-context/isolation-violation.ts';
import { ScopedEntityManager } from '../tenant-context/scoped-entity-manager.ts';
import { WriteGuard } from '../tenant-context/write-guard.ts';
import { QueryLogger } from './query-logger.ts';
import { ScopedDriver } from './scoped-driver.ts';

/** The system's own default is two hours: what is in between has forgotten an idle connection long before. */
const KEEP_ALIVE_AFTER_MS = 30_000;

/** What every ORM of Tenantry is set up with, whichever role it connects as. */
export function ormOptions(
  url: string,
  { acquireTimeoutMs, slowQueryMs }: DatabaseConfig,
): Omit<Options, 'entities' | 'entitiesTs'> {
  return {
    clientUrl: url,
    // MikroORM takes the address from the url and leaves the rest, such as sslmode; pg reads all of it.
    driverOptions: {
      connectionString: url,
      connectionTimeoutMillis: acquireTimeoutMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
      application_name: 'tenantry',
    },
    ensureDatabase: false,
    loggerFactory: () => new QueryLogger(slowQueryMs),
    discovery: { warnWhenNoEntities: false },
  };
}

/** What the app's ORM is made of: what it maps, and all that seals it to scopes. */
export function appOrmOptions(config: DatabaseConfig): Options {
  const options = ormOptions(config.url, config);
  const driverOptions = {
    ...options.driverOptions,
    timeouts: config,
    leakWarningMs: config.leakWarningMs,
    idleInTransactionWarningMs: config.idleInTransactionWarningMs,
    beginTimeoutMs: config.acquireTimeoutMs,
    idleTimeoutMillis: config.poolIdleTimeoutMs,
    maxLifetimeSeconds: config.poolMaxLifetimeMs / 1_000,
    maxUses: config.poolMaxUses,
    reserved: config.poolReserved,
  };
  return {
    ...options,
    driver: ScopedDriver,
    driverOptions,
    replicas: config.replicaUrls.map((url) => ({
      clientUrl: url,
      driverOptions: { ...driverOptions, connectionString: url },
    })),
    // Units of work say whether they only read. Of what is read by itself nobody has said that it may be old.
    preferReadReplicas: false,
    entityManager: ScopedEntityManager,
    entities: [...catalogMappings, ...tenantMappings],
    subscribers: [
      new CollectionSubscriber(),
      new WriteGuard(),
      new UnitSubscriber(),
      new RemovalGuard(),
    ],
    pool: { min: config.poolMin, max: config.poolMax },
    // A reference cannot leave the tenant, since its foreign key has the tenant in it: no need to join and filter.
    autoJoinRefsForFilters: false,
  };
}

/**
 * The app's ORM. Its root entity manager and all that hangs on it (repositories, query builders, raw SQL) can only be
 * used within a scope: outside of one it throws {@link TenantContextMissing}.
 */
export function createOrm(config: DatabaseConfig): MikroORM {
  const orm = new MikroORM(appOrmOptions(config));
  // Only now: the constructor itself asks for the context.
  orm.config.set('context', () => {
    throw new TenantContextMissing();
  });
  return orm;
}
