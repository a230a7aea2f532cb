import { projectKey } from '@tenantry/domain';
import type { TenantData } from './seed-data.ts';

/** What every tenant has from the start, production's among them: a place for what has no project yet. */
export const reference: TenantData = {
  members: [],
  projects: [
    {
      key: projectKey('INBOX'),
      name: 'Inbox',
      description: 'What has no project of its own yet.',
      settings: { icon: 'inbox' },
    },
  ],
};
