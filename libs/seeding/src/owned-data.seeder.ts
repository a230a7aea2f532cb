import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { ReferenceSeeding } from '@tenantry/application';
import { MemberRepository, ProjectRepository, type Tenant } from '@tenantry/domain';
import { placed, TenantContext, TransactionalService } from '@tenantry/persistence';
import type { BaseSeeder } from './base.seeder.ts';
import { MemberSeeder } from './member.seeder.ts';
import { reference } from './profiles/reference.ts';
import type { TenantData } from './profiles/seed-data.ts';
import { ProjectSeeder } from './project.seeder.ts';

/** Seeds what one tenant owns: its members, then its projects, in its scope. It is stored as a whole or not at all. */
@Injectable()
export class OwnedDataSeeder extends ReferenceSeeding {
  constructor(
    private readonly context: TenantContext,
    private readonly transactional: TransactionalService,
    private readonly members: MemberRepository,
    private readonly projects: ProjectRepository,
  ) {
    super();
  }

  /** What every tenant has from the start. */
  override async seed(tenant: Tenant): Promise<void> {
    await this.add(tenant, reference.everyTenant);
  }

  /** Adds what is missing, and says how much that was. */
  add(tenant: Tenant, data: TenantData): Promise<number> {
    return this.within(tenant, data, async (seeders, entityManager) => {
      for (const seeder of seeders) {
        await seeder.seed(entityManager);
      }
      return seeders.reduce((sum, { added }) => sum + added, 0);
    });
  }

  /** Removes all members and projects of the tenant. */
  truncate(tenant: Tenant, data: TenantData): Promise<void> {
    return this.within(tenant, data, async (seeders, entityManager) => {
      for (const seeder of seeders.toReversed()) {
        await seeder.truncate(entityManager);
      }
    });
  }

  private within<Result>(
    tenant: Tenant,
    { members, projects }: TenantData,
    work: (seeders: readonly BaseSeeder[], entityManager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    const seeders = [
      new MemberSeeder(this.members, members),
      new ProjectSeeder(this.projects, this.members, projects),
    ];
    return this.context.run(placed(tenant), () =>
      this.transactional.run((entityManager) => work(seeders, entityManager)),
    );
  }
}
