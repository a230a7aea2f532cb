import { Member, Placement, Project, Tenant } from '@tenantry/domain';
import type { SeedProject, SeedTenant } from '../profiles/seed-data.ts';
import { explained, SeedFileInvalid } from './file-value.ts';

/**
 * Makes it all, to throw it away: the rules of the domain are the domain's.
 * @throws {SeedFileInvalid} when it breaks one of them, has something twice, or names a member that there is not
 */
export function mustBeMakeable({ registration, members, projects }: SeedTenant): void {
  explained('tenant', () => new Tenant({ ...registration, placement: Placement.shared() }));
  members.forEach((member, index) => {
    explained(`members[${index}]`, () => new Member(member));
  });
  mustDiffer(members.map(({ email }, index) => [`members[${index}].email`, email.toLowerCase()]));
  mustDiffer(members.map(({ id }, index) => [`members[${index}].id`, id]));
  mustDiffer(projects.map(({ key }, index) => [`projects[${index}].key`, key]));
  mustDiffer(projects.map(({ id }, index) => [`projects[${index}].id`, id]));
  mustDiffer(
    projects.flatMap(({ tasks = [] }, index) =>
      tasks.map(({ id }, at): Named => [`projects[${index}].tasks[${at}].id`, id]),
    ),
  );
  const known = new Set<string | undefined>(members.map(({ id }) => id));
  projects.forEach((project, index) => {
    projectMustBeMakeable(project, `projects[${index}]`, known);
  });
}

function projectMustBeMakeable(
  item: SeedProject,
  where: string,
  members: ReadonlySet<string | undefined>,
): void {
  const { status, archived = false, tasks = [] } = item;
  const project = explained(where, () => new Project(item));
  tasks.forEach(({ assigneeId, ...task }, index) => {
    const at = `${where}.tasks[${index}]`;
    explained(at, () => project.addTask(task));
    if (assigneeId !== undefined && !members.has(assigneeId)) {
      throw new SeedFileInvalid(`${at}.assigneeId`, 'must be the id of one of the members.');
    }
  });
  explained(`${where}.status`, () => {
    project.change({ status });
  });
  if (archived) {
    explained(`${where}.archived`, () => {
      project.archive();
    });
  }
}

/** Where something is, and what it is there. */
type Named = readonly [where: string, value: string | undefined];

function mustDiffer(values: readonly Named[]): void {
  const seen = new Map<string, string>();
  for (const [where, value] of values) {
    if (value !== undefined) {
      const first = seen.get(value);
      if (first !== undefined) {
        throw new SeedFileInvalid(where, `must differ from ${first}.`);
      }
      seen.set(value, where);
    }
  }
}
