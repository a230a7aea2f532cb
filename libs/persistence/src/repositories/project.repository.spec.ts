import { email, Member, newId, Project, projectKey } from '@tenantry/domain';
import {
  acme,
  globex,
  initech,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';

describe('the project repository', () => {
  let persistence: Persistence;
  const id = newId<'Project'>();

  beforeAll(async () => {
    persistence = await startPersistence();
    for (const tenant of tenants) {
      await persistence.as(tenant, async () => {
        const project = new Project({
          id,
          key: projectKey('APOLLO'),
          name: `Moon of ${tenant.slug}`,
        });
        project.addTask({ title: `Rocket of ${tenant.slug}`, labels: ['Steel'] });
        persistence.projects.add(project);
      });
    }
  });

  afterAll(() => persistence.stop());

  it('finds by an id that other tenants use too only what is its tenant’s own', async () => {
    for (const tenant of tenants) {
      const project = await persistence.as(tenant, () => persistence.projects.findById(id));
      expect(project?.name).toBe(`Moon of ${tenant.slug}`);
    }
  });
});
