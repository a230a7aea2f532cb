import { projectKey } from '@tenantry/domain';
import type { ProfileData } from './seed-data.ts';

/** What every installation needs, production among them: each tenant has a place for what has no project yet. */
export const reference: ProfileData = {
  tenants: [],
  everyTenant: {
    members: [],
    projects: [
      {
        key: projectKey('INBOX'),
        name: 'Inbox',
        description: 'What has no project of its own yet.',
        settings: { icon: 'inbox' },
      },
    ],
  },
};
