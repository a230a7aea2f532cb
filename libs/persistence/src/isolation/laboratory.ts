import { TransactionContext } from '@mikro-orm/core';
import {
  EntityManager,
  MikroORM,
  PostgreSqlConnection,
  PostgreSqlDriver,
} from '@mikro-orm/postgresql';
import type { MigratorConfig } from '@tenantry/platform';
import { appOrmOptions } from '../connection/orm.ts';
import { ScopedDriver } from '../connection/scoped-driver.ts';
import { ScopedConnection } from '../connection/supervised-connection.ts';
import { CollectionSubscriber } from '../mapping/collection-subscriber.ts';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import { scopes, TenantScope } from '../tenant-context/scope.ts';
import { ScopedEntityManager } from '../tenant-context/scoped-entity-manager.ts';

/** What keeps tenants apart, each on its own; see ARCHITECTURE.md. */
export const RINGS = ['context', 'query', 'write', 'database'] as const;
export type Ring = (typeof RINGS)[number];

/** What of `ScopedEntityManager` belongs to which ring. */
const METHODS: Readonly<Record<Ring, readonly (keyof EntityManager)[]>> = {
  context: [
    'getContext',
    'fork',
    'begin',
    'commit',
    'rollback',
    'flush',
    'transactional',
    'setFilterParams',
    'addFilter',
    'setSessionContext',
    'getSessionContext',
    'getTransactionSessionContext',
    'clearSessionContext',
    'schema',
    'createQueryBuilder',
    'stream',
    'getKysely',
  ],
  query: ['applyFilters'],
  write: [
    'persist',
    'remove',
    'assign',
    'merge',
    'refresh',
    'insert',
    'insertMany',
    'upsert',
    'upsertMany',
    'nativeUpdate',
  ],
  database: [],
};

/** A data access layer of which only some rings are there: it shows what each of them is for. */
export class Laboratory {
  private readonly orm: MikroORM;

  constructor(
    { database, ownerUrl }: MigratorConfig,
    private readonly rings: readonly Ring[],
  ) {
    // Whoever owns the server is under no policy.
    const url = this.has('database') ? database.url : ownerUrl;
    this.orm = new MikroORM({
      ...appOrmOptions({ ...database, url }),
      contextName: `with ${rings.join() || 'no ring'}`,
      driver: weakenedDriver(this.has('write'), this.has('context')),
      ...(!this.has('write') && { subscribers: [new CollectionSubscriber()] }),
      entityManager: weakened(RINGS.filter((ring) => !this.has(ring))),
      allowGlobalContext: true,
    });
  }

  /** One transaction on behalf of the tenant. */
  as<Result>(
    tenant: PlacedTenant,
    work: (entityManager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    return this.within(tenant, (sealed) => sealed.transactional(work));
  }

  /** The tenant's scope, without a transaction around it. */
  within<Result>(
    tenant: PlacedTenant,
    work: (entityManager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    const scope = new TenantScope(tenant);
    if (!this.has('database')) {
      Reflect.deleteProperty(scope.settings, 'role');
    }
    const root = this.orm.em as unknown as ScopedEntityManager;
    return scopes.run(scope, () => {
      const sealed = root.seal(scope);
      return TransactionContext.create(sealed, () => work(sealed));
    });
  }

  close(): Promise<void> {
    return this.orm.close();
  }

  private has(ring: Ring): boolean {
    return this.rings.includes(ring);
  }
}

/** Without a ring its part of driver or connection is MikroORM's own, which enters a scope by a statement of its own. */
function weakenedDriver(write: boolean, context: boolean): typeof PostgreSqlDriver {
  const Driver: typeof PostgreSqlDriver = write ? ScopedDriver : PostgreSqlDriver;
  const Connection: typeof PostgreSqlConnection = context ? ScopedConnection : PostgreSqlConnection;
  return class extends Driver {
    protected override readonly connection: PostgreSqlConnection = new Connection(this.config);
  };
}

/** The scoped entity manager, with what belongs to the missing rings as MikroORM has it. */
function weakened(missing: readonly Ring[]): typeof ScopedEntityManager {
  class Weakened extends ScopedEntityManager {}
  for (const method of missing.flatMap((ring) => METHODS[ring])) {
    Object.defineProperty(Weakened.prototype, method, originalOf(method));
  }
  if (missing.includes('query')) {
    // MikroORM's own puts the filter in: without the ring there is none.
    Weakened.prototype.applyFilters = (_entity, where) => Promise.resolve(where);
  }
  return Weakened;
}

function originalOf(method: string): PropertyDescriptor {
  let prototype: object = EntityManager.prototype;
  let descriptor = Object.getOwnPropertyDescriptor(prototype, method);
  while (!descriptor) {
    prototype = Object.getPrototypeOf(prototype) as object;
    descriptor = Object.getOwnPropertyDescriptor(prototype, method);
  }
  return descriptor;
}
