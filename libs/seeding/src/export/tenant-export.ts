import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '@tenantry/application';
import {
  type Member,
  MemberRepository,
  NotFound,
  type Project,
  ProjectRepository,
  RuleViolation,
  type Slug,
  type Task,
  type Tenant,
  TenantRepository,
} from '@tenantry/domain';
import { placed, TenantContext } from '@tenantry/persistence';
import { allPages } from '../all-pages.ts';
import type { SeedProject, SeedTask, SeedTenant, TenantData } from '../profiles/seed-data.ts';
import type { SeedFile } from './seed-file.ts';
import { type ExportOptions, toSeedFile } from './to-seed-file.ts';

const SNAPSHOT = { readOnly: true, isolationLevel: 'repeatable read' } as const;

/** Reads all that a tenant has as a seed, for whoever wants to see for themselves what happens with it. */
@Injectable()
export class TenantExport {
  constructor(
    private readonly context: TenantContext,
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: TenantRepository,
    private readonly members: MemberRepository,
    private readonly projects: ProjectRepository,
  ) {}

  /**
   * One moment's data: whatever is changed meanwhile is either in it as a whole or not at all.
   * @throws {NotFound} when there is no such tenant
   * @throws {RuleViolation} when the tenant is still being made
   */
  async read(slug: Slug, options?: ExportOptions): Promise<SeedFile> {
    const tenant = await this.find(slug);
    const data = await this.context.run(placed(tenant), () =>
      this.unitOfWork.run(() => this.dataOfTenant(), SNAPSHOT),
    );
    return toSeedFile({ registration: registrationOf(tenant), ...data }, options);
  }

  private async find(slug: Slug): Promise<Tenant> {
    const tenant = await this.context.runAsOperator(`export the tenant ${slug}`, () =>
      this.tenants.findBySlug(slug),
    );
    if (!tenant) {
      throw new NotFound('tenant');
    }
    if (tenant.status === 'provisioning') {
      throw new RuleViolation('tenant-status', `Tenant ${slug} is still being made.`);
    }
    return tenant;
  }

  private async dataOfTenant(): Promise<TenantData> {
    const members = await allPages<Member>((request) => this.members.page(request));
    const projects: SeedProject[] = [];
    for (const archived of [false, true]) {
      const some = await allPages<Project>((request) =>
        this.projects.page({ ...request, archived }),
      );
      for (const project of some) {
        projects.push(projectOf(project, await this.tasksOf(project)));
      }
    }
    return { members: members.map(({ id, email, name }) => ({ id, email, name })), projects };
  }

  /** By number, which a seed gives by their order. */
  private async tasksOf(project: Project): Promise<readonly Task[]> {
    const tasks = await allPages<Task>((request) => this.projects.pageOfTasks(project, request));
    return tasks.sort((one, other) => one.number - other.number);
  }
}

function registrationOf(tenant: Tenant): SeedTenant['registration'] {
  const { id, slug, name, domain, plan, features, configuration, placement } = tenant;
  const isolation = placement?.isolation ?? 'shared';
  return { id, slug, name, domain, plan, features, configuration, isolation };
}

function projectOf(project: Project, tasks: readonly Task[]): SeedProject {
  const { id, key, name, description, status, settings, isArchived: archived } = project;
  return { id, key, name, description, status, settings, archived, tasks: tasks.map(taskOf) };
}

function taskOf({ id, title, status, assignee, labels }: Task): SeedTask {
  return { id, title, status, labels, ...(assignee && { assigneeId: assignee.id }) };
}
