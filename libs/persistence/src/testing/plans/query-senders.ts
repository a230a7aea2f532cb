import { MemberQueries, ProjectQueries } from '@tenantry/application';
import type { Persistence } from '../persistence-harness.ts';
import { idOf } from './large-placement.ts';
import { PROJECT_CONDITIONS } from './project-senders.ts';
import { type Sender, sendersOf } from './sender.ts';

const page = { limit: 10 };

/** Whatever screens ask for. */
export function querySenders({ get }: Pick<Persistence, 'get'>): readonly Sender[] {
  const members = get(MemberQueries);
  const projects = get(ProjectQueries);
  const pages = Object.entries(PROJECT_CONDITIONS).map(
    ([name, query]): [string, () => Promise<unknown>] => [
      `page ${name}`,
      () => projects.page({ ...page, ...query }),
    ],
  );
  return [
    ...sendersOf('memberQueries', {
      page: () => members.page(page),
      'page after another': () => members.page({ ...page, after: idOf(100) }),
    }),
    ...sendersOf('projectQueries', Object.fromEntries(pages)),
  ];
}
