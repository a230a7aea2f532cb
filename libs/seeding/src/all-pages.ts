import type { Page, PageRequest } from '@tenantry/domain';

const PAGE = 500;

/** All that a list has, asked for page by page. */
export async function allPages<Item extends { readonly id: string }>(
  pageOf: (request: PageRequest<Item['id']>) => Promise<Page<Item>>,
): Promise<Item[]> {
  const items: Item[] = [];
  let after: Item['id'] | null | undefined;
  while (after !== null) {
    const page: Page<Item> = await pageOf({ after, limit: PAGE });
    items.push(...page.items);
    after = page.next;
  }
  return items;
}
