import { email, projectKey, slug } from '@tenantry/domain';
import type { SeedTenant } from './seed-data.ts';
import { seedId } from './seed-id.ts';

const NAMES = ['alpha', 'beta', 'gamma'] as const;

/** Three tenants that have the same ids throughout, two in the shared placement and one in its own: a leak would show. */
export const test: readonly SeedTenant[] = NAMES.map((name, index) => ({
  registration: {
    id: seedId(101 + index),
    slug: slug(name),
    name,
    ...(name === 'gamma'
      ? { isolation: 'schema', placementId: seedId(131) }
      : { isolation: 'shared' }),
  },
  members: [{ id: seedId(11), email: email('ada@example.com'), name: `Ada of ${name}` }],
  projects: [
    {
      id: seedId(21),
      key: projectKey('ONE'),
      name: `One of ${name}`,
      tasks: [
        { id: seedId(41), title: `Task of ${name}`, assigneeId: seedId(11), labels: ['test'] },
      ],
    },
  ],
}));
