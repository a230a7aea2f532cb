import type { EntityManager } from '@mikro-orm/postgresql';
import type { UnitOfWork } from '@tenantry/application';
import {
  email,
  type Id,
  Member,
  type MemberRepository,
  Project,
  projectKey,
  type ProjectRepository,
  SHARED_SCHEMA,
  slug,
} from '@tenantry/domain';
import { tenantMappings } from '../../mapping/mappings.ts';
import type { PlacedTenant } from '../../tenant-context/placed-tenant.ts';
import type { TenantContext } from '../../tenant-context/tenant-context.ts';

// No tenant has such an id: theirs are of version 7, these of version 8. They are always the same, so that a run finds
// what one before it could not remove. Neither is ever in the catalog, and so nobody can be served as one of them.
export const attacker = throwAway('attacker', '70000000-0000-8000-8000-00000000a77a');
export const victim = throwAway('victim', '70000000-0000-8000-8000-00000000b1c7');

/** An id that rows of both have. */
export const COLLIDING = '70000000-0000-8000-8000-000000000001' as Id<never>;

/** What a tenant alone has. */
export const memberOf = (tenant: PlacedTenant): { id: Id<'Member'>; email: string } => ({
  id: tenant.id.replace(/^7/, '8') as Id<'Member'>,
  email: `${tenant.slug}@prover.example`,
});

/** What is needed to work as the app does. */
export interface App {
  readonly context: TenantContext;
  readonly unitOfWork: UnitOfWork;
  readonly entityManager: EntityManager;
  readonly members: MemberRepository;
  readonly projects: ProjectRepository;
}

/** Gives both tenants rows, through the repositories. */
export async function populate({ context, unitOfWork, members, projects }: App): Promise<void> {
  for (const tenant of [attacker, victim]) {
    await context.run(tenant, () =>
      unitOfWork.run(async () => {
        const own = memberOf(tenant);
        members.add(new Member({ ...own, email: email(own.email), name: tenant.slug }));
        members.add(
          new Member({ id: COLLIDING, email: email(`too.${own.email}`), name: tenant.slug }),
        );
        const project = new Project({
          id: COLLIDING,
          key: projectKey('PROVER'),
          name: tenant.slug,
        });
        project.addTask({ title: tenant.slug });
        projects.add(project);
        await Promise.resolve();
      }),
    );
  }
}

/** Removes all rows of both, as the owner: it works whatever has become of policies and grants. */
export async function removeThrowAway(owner: EntityManager): Promise<void> {
  for (const { meta } of [...tenantMappings].reverse()) {
    await owner.execute(
      `delete from "${SHARED_SCHEMA}"."${meta.tableName}" where tenant_id in (?, ?)`,
      [attacker.id, victim.id],
    );
  }
}

function throwAway(name: string, id: string): PlacedTenant {
  return { id: id as Id<'Tenant'>, slug: slug(`prover-${name}`), schema: SHARED_SCHEMA };
}
