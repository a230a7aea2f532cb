import {
  type EntityName,
  type FilterOptions,
  type FilterQuery,
  type ForkOptions,
  type SessionContext,
  Utils,
} from '@mikro-orm/core';
import type { EntityManager } from '@mikro-orm/postgresql';
import { onReplica } from '../connection/on-replica.ts';
import type { ScopedClientConfig } from '../connection/scoped-client.ts';
import type { ScopedConnection } from '../connection/supervised-connection.ts';
import { TENANT_FILTER } from '../mapping/tenant-owned.ts';
import type { CommitMarker } from '../unit-of-work/commit-marker.ts';
import { type Farewell, farewellOf } from '../unit-of-work/farewell.ts';
import { isStored } from '../unit-of-work/commit-outcome.ts';
import { OWN_TRANSACTION, type Transaction, transactions } from '../unit-of-work/transaction.ts';
import { EntityOfAnotherUnitOfWork } from '../unit-of-work/transaction-errors.ts';
import {
  TransactionalEntityManager,
  type UnitOptions,
} from '../unit-of-work/transactional-entity-manager.ts';
import type { Unit } from '../unit-of-work/unit.ts';
import {
  ScopeSealed,
  TenantContextMissing,
  TransactionMissing,
  UnitOfWorkEnded,
} from './isolation-violation.ts';
import { mustBeOf, mustBeWritableIn, owned } from './ownership.ts';
import { type Scope, type Timeouts, timeoutsIn } from './scope.ts';

const ENTER_ANOTHER = 'Enter another scope with TenantContext.run(tenant, …).';

/**
 * An entity manager that belongs to one scope for life. Whatever is done with it, and with what came out of it (lazy
 * relations, query builders, streams), is refused in another scope, after the scope has ended, and, where it is a
 * transaction's, after that has ended. Who it works for cannot be changed, and the tenant filter not be switched off.
 *
 * The root one has no scope of its own and stands for that of the current scope. Methods that return `never` here return
 * what `EntityManager` says, which is the type that they are used by.
 */
export class ScopedEntityManager extends TransactionalEntityManager {
  private scope?: Scope;

  /** The scope that it belongs to; none for the root one. */
  get sealedTo(): Scope | undefined {
    return this.scope;
  }

  /** A new one for a scope, from the root. */
  seal(scope: Scope): this {
    const sealed = super.fork({
      // The root one cannot be asked for its context here: there is none yet.
      disableContextResolution: true,
      ...(scope.kind === 'tenant' && { schema: scope.tenant.schema }),
      // The connection enters the scope. This is what MikroORM knows of it, which makes it begin a transaction for lone reads.
      session: { variables: scope.settings },
    });
    if (scope.kind === 'tenant') {
      sealed.setFilterParams(TENANT_FILTER, { tenantId: scope.tenant.id });
    }
    sealed.scope = scope;
    return sealed;
  }

  /** Nearly everything that MikroORM does begins with this, so this is where the seal is checked. */
  override getContext(validate = true): this {
    const context = super.getContext(validate);
    context.scope?.mustBeCurrent();
    if (context.hasEnded) {
      throw new UnitOfWorkEnded();
    }
    return context;
  }

  override fork(options: ForkOptions = {}): this {
    const { scope } = this.getContext(false);
    if (options.session !== undefined || options.schema !== undefined) {
      throw new ScopeSealed('A fork for another session or schema', ENTER_ANOTHER);
    }
    // Without resolution it would be one of the root's, which has neither session nor filter.
    const fork = super.fork({ ...options, disableContextResolution: false });
    if (scope) {
      fork.scope = scope;
    }
    return fork;
  }

  override async begin(options: UnitOptions = {}): Promise<void> {
    mustKeepSession(options);
    await super.begin(options);
  }

  override async transactional<Result>(
    work: (entityManager: this) => Result | Promise<Result>,
    options: UnitOptions = {},
  ): Promise<Result> {
    mustKeepSession(options);
    return super.transactional(work, options);
  }

  protected override limits({
    timeouts,
    signal,
  }: UnitOptions): ConstructorParameters<typeof Transaction> {
    const { own } = this;
    const usual = timeoutsIn(own, this.timeouts);
    return [
      timeouts ? { ...usual, ...timeouts } : usual,
      own.signal && signal ? AbortSignal.any([own.signal, signal]) : (own.signal ?? signal),
      transactions.getStore(),
    ];
  }

  /** A tenant's, until something is stored in the scope: whoever has stored it is to find it. The catalog is never old. */
  protected override get mayLag(): boolean {
    const { kind, hasStored } = this.own;
    return kind === 'tenant' && !hasStored;
  }

  protected override farewell(unit: Unit): Farewell {
    return farewellOf(this.own, unit);
  }

  protected override wasCommitted(marker: CommitMarker, timeouts: Timeouts): Promise<boolean> {
    return isStored(this.getConnection('write'), marker, timeouts);
  }

  override setFilterParams(name: string, parameters: Record<string, unknown>): void {
    if (name === TENANT_FILTER) {
      this.mustBeUnsealed('Setting the tenant of the filter');
    }
    super.setFilterParams(name, parameters);
  }

  override addFilter(filter: Parameters<EntityManager['addFilter']>[0]): void {
    if (filter.name === TENANT_FILTER) {
      this.mustBeUnsealed('Another filter of that name');
    }
    super.addFilter(filter);
  }

  override setSessionContext(): void {
    this.mustBeUnsealed('Another session context');
  }

  /** A copy, since MikroORM gives the very object that its next transaction is begun with. */
  override getSessionContext(): SessionContext | undefined {
    const { scope } = this.getContext(false);
    return scope && { variables: { ...scope.settings } };
  }

  /** The connection knows better. This has MikroORM begin a transaction, and tells that it is MikroORM's own. */
  override getTransactionSessionContext(): SessionContext | undefined {
    return super.getTransactionSessionContext() && OWN_TRANSACTION;
  }

  override clearSessionContext(): void {
    this.mustBeUnsealed('Clearing the session context');
  }

  override get schema(): string | undefined {
    return super.schema;
  }

  override set schema(_schema: string | null | undefined) {
    this.mustBeUnsealed('Another schema');
  }

  override applyFilters<Entity extends object>(
    entityName: EntityName<Entity>,
    where: FilterQuery<Entity> | undefined,
    options: FilterOptions | undefined,
    ...rest: [type: 'read' | 'update' | 'delete', findOptions?: object]
  ): Promise<FilterQuery<Entity> | undefined> {
    if (options === false || (Utils.isPlainObject(options) && TENANT_FILTER in options)) {
      throw new ScopeSealed(
        'Switching the tenant filter off',
        'Name the filters that you mean, such as { filters: { other: false } }.',
      );
    }
    return super.applyFilters(entityName, where, options, ...rest);
  }

  override persist(entities: Parameters<EntityManager['persist']>[0]): this {
    this.mustOwn(entities);
    mustBeOfNoOther(entities);
    return super.persist(entities);
  }

  override remove(entities: Parameters<EntityManager['remove']>[0]): this {
    this.mustOwn(entities);
    mustBeOfNoOther(entities);
    return super.remove(entities);
  }

  override assign(...parameters: unknown[]): never {
    const [entity, data] = parameters as [object, object];
    this.mustOwn([entity, ...(Object.values(data) as unknown[])]);
    return super.assign<object>(...(parameters as [object, object])) as never;
  }

  override merge(...parameters: unknown[]): never {
    this.mustOwnMerged(parameters);
    return super.merge(...(parameters as [object])) as never;
  }

  /** Of another scope's it would not find the row, and make the entity a new one, which that scope would insert. */
  override refresh(...parameters: unknown[]): never {
    this.mustOwn(parameters[0]);
    return super.refresh(...(parameters as [object])) as never;
  }

  override insert(...parameters: unknown[]): never {
    return super.insert(...(this.withTenant(parameters) as [object])) as never;
  }

  override insertMany(...parameters: unknown[]): never {
    return super.insertMany(...(this.withTenant(parameters) as [object[]])) as never;
  }

  override upsert(...parameters: unknown[]): never {
    return super.upsert(...(this.withTenant(parameters) as [object])) as never;
  }

  override upsertMany(...parameters: unknown[]): never {
    return super.upsertMany(...(this.withTenant(parameters) as [object[]])) as never;
  }

  override nativeUpdate(...parameters: unknown[]): never {
    const [entityName, , data] = parameters as Parameters<EntityManager['nativeUpdate']>;
    mustBeWritableIn(this.own, this.metadata.get(entityName), data);
    return super.nativeUpdate(
      ...(parameters as Parameters<EntityManager['nativeUpdate']>),
    ) as never;
  }

  /** Made by the sealed one even when the root is asked, so that it can tell another scope when it is run. */
  override createQueryBuilder(...parameters: unknown[]): never {
    const sealed = this.getContext(false);
    return (
      sealed === this
        ? super.createQueryBuilder(...(parameters as [never]))
        : sealed.createQueryBuilder(...parameters)
    ) as never;
  }

  override stream(...parameters: unknown[]): never {
    const sealed = this.getContext(false);
    return (
      sealed === this
        ? this.guarded(super.stream(...(parameters as [never])))
        : sealed.stream(...parameters)
    ) as never;
  }

  /** The rows of one statement, as the server gives them: in the transaction that is open, or alone. */
  async readRows<Row extends object>(sql: string): Promise<Row[]> {
    const manager = this.getContext();
    if (manager.isInTransaction()) {
      return manager.execute<Row[]>(sql);
    }
    const read = (where: 'read' | 'write'): Promise<Row[]> =>
      (manager.getConnection(where) as ScopedConnection).read<Row>(sql);
    try {
      return await (manager.mayLag ? onReplica(read) : read('write'));
    } catch (error) {
      throw manager.getDriver().convertException(error as Error);
    }
  }

  override getKysely(...parameters: unknown[]): never {
    this.mustBeInTransaction('Kysely');
    return super.getKysely(...(parameters as [])) as never;
  }

  private async *guarded<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
    this.mustBeInTransaction('A stream');
    for await (const item of items) {
      // Whoever takes the next one need not be who has asked for them.
      this.getContext();
      yield item;
    }
  }

  private get own(): Scope {
    const { scope } = this.getContext();
    if (!scope) {
      throw new TenantContextMissing();
    }
    return scope;
  }

  private get timeouts(): Timeouts {
    const { timeouts } = this.config.get('driverOptions') as unknown as ScopedClientConfig;
    return timeouts;
  }

  private mustBeUnsealed(what: string): void {
    if (this.getContext(false).scope) {
      throw new ScopeSealed(what, ENTER_ANOTHER);
    }
  }

  private mustBeInTransaction(what: string): void {
    if (!this.isInTransaction()) {
      throw new TransactionMissing(what);
    }
  }

  /** @param values any of them may be entities, or references to some */
  private mustOwn(values: unknown): void {
    for (const value of Utils.asArray(values)) {
      if (Utils.isEntity(value, true)) {
        mustBeOf(this.own, value);
      }
    }
  }

  private mustOwnMerged([target, row]: unknown[]): void {
    this.mustOwn([target, row]);
    if (Utils.isPlainObject(row)) {
      mustBeWritableIn(this.own, this.metadata.get(target as EntityName), row);
    }
  }

  /** Of a method that takes either the name of an entity and rows, or entities: the same with the tenant in them. */
  private withTenant([target, rows, ...options]: unknown[]): unknown[] {
    if (rows !== undefined) {
      const meta = this.metadata.get(target as EntityName);
      return [target, each(rows, (row) => owned(this.own, meta, row)), ...options];
    }
    const metaOf = (entity: object) => this.metadata.get(entity.constructor as EntityName);
    return [each(target, (entity) => owned(this.own, metaOf(entity), entity)), rows, ...options];
  }
}

/** What an ended unit of work has left behind is frozen, and whether it is stored only that one knew. */
function mustBeOfNoOther(entities: unknown): void {
  for (const entity of Utils.asArray(entities)) {
    if (Object.isFrozen(entity)) {
      throw new EntityOfAnotherUnitOfWork((entity as object).constructor.name);
    }
  }
}

function mustKeepSession(options: object): void {
  if ('sessionContext' in options) {
    throw new ScopeSealed('A transaction with a session of its own', ENTER_ANOTHER);
  }
}

function each(one: unknown, map: (row: object) => object): unknown {
  return Array.isArray(one) ? (one as object[]).map(map) : map(one as object);
}
