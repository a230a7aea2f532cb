import { EntityManager as CoreEntityManager } from '@mikro-orm/core';
import { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import {
  type DynamicModule,
  Global,
  Module,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { MemberQueries, ProjectQueries, UnitOfWork } from '@tenantry/application';
import {
  Member,
  MemberRepository,
  Placement,
  PlacementRepository,
  Project,
  ProjectRepository,
  Tenant,
  TenantOperation,
  TenantOperationRepository,
  TenantRepository,
} from '@tenantry/domain';
import type { DatabaseConfig } from '@tenantry/platform';
import { PlanLimits } from './catalog/plan-limits.ts';
import { SchemaRange } from './catalog/schema-range.ts';
import { TenantDirectory } from './catalog/tenant-directory.ts';
import { connect } from './connection/connect.ts';
import { createOrm } from './connection/orm.ts';
import { Outbox } from './outbox/outbox.ts';
import { Outboxes } from './outbox/outboxes.ts';
import { KyselyMemberQueries } from './queries/kysely-member-queries.ts';
import { KyselyProjectQueries } from './queries/kysely-project-queries.ts';
import { RowReader } from './queries/row-reader.ts';
import type { ScopedEntityManager } from './tenant-context/scoped-entity-manager.ts';
import { IsolationCheck } from './prover/isolation-check.ts';
import { TenantContext } from './tenant-context/tenant-context.ts';
import { Idempotency } from './unit-of-work/idempotency.ts';
import { MikroUnitOfWork } from './unit-of-work/mikro-unit-of-work.ts';
import { RetryBudget } from './unit-of-work/retry-budget.ts';
import { TransactionalService } from './unit-of-work/transactional.service.ts';

/** The port of each repository, and the entity whose repository stands behind it. */
const REPOSITORIES = [
  { port: TenantRepository, entity: Tenant },
  { port: PlacementRepository, entity: Placement },
  { port: TenantOperationRepository, entity: TenantOperation },
  { port: MemberRepository, entity: Member },
  { port: ProjectRepository, entity: Project },
];

/**
 * The data access layer. It has its own providers for MikroORM rather than those of @mikro-orm/nestjs: nobody is to get
 * hold of an entity manager that is not closed outside of scopes yet.
 */
@Global()
@Module({})
export class PersistenceModule implements OnApplicationShutdown {
  constructor(private readonly orm: MikroORM) {}

  static forRoot(config: DatabaseConfig): DynamicModule {
    const repositories = REPOSITORIES.map(({ port, entity }): Provider => ({
      provide: port,
      useFactory: (entityManager: EntityManager) => entityManager.getRepository<object>(entity),
      inject: [EntityManager],
    }));
    const providers: Provider[] = [
      { provide: MikroORM, useFactory: () => connected(config) },
      { provide: EntityManager, useFactory: (orm: MikroORM) => orm.em, inject: [MikroORM] },
      { provide: CoreEntityManager, useExisting: EntityManager },
      {
        provide: TenantContext,
        useFactory: (entityManager: ScopedEntityManager) => new TenantContext(entityManager),
        inject: [EntityManager],
      },
      { provide: UnitOfWork, useClass: MikroUnitOfWork },
      RetryBudget,
      TransactionalService,
      { provide: PlanLimits, useValue: new PlanLimits(config) },
      TenantDirectory,
      {
        provide: SchemaRange,
        useFactory: (orm: MikroORM) => SchemaRange.ofThisBuild(orm),
        inject: [MikroORM],
      },
      RowReader,
      {
        provide: MemberQueries,
        useFactory: (reader: RowReader) => new KyselyMemberQueries(reader),
        inject: [RowReader],
      },
      {
        provide: ProjectQueries,
        useFactory: (reader: RowReader) => new KyselyProjectQueries(reader),
        inject: [RowReader],
      },
      Idempotency,
      Outbox,
      Outboxes,
      IsolationCheck,
      ...repositories,
    ];
    return {
      module: PersistenceModule,
      providers,
      exports: providers.map((provider) => ('provide' in provider ? provider.provide : provider)),
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.orm.close();
  }
}

async function connected(config: DatabaseConfig): Promise<MikroORM> {
  const orm = createOrm(config);
  await connect(orm, config.url, config.connectRetries);
  return orm;
}
