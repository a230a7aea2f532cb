/** Which part of a list is wanted: at most `limit` items, those after the one named. */
export interface PageRequest<Id extends string = string> {
  readonly after?: Id | undefined;
  readonly limit: number;
}

/** A part of a list in the order of ids, which is the order of creation. */
export interface Page<Item extends { readonly id: string }> {
  readonly items: readonly Item[];
  /** Pass it as `after` to get the next part; `null` when this was the last one. */
  readonly next: Item['id'] | null;
}

/** The page of what was found when one more than wanted was asked for, which says whether there are more. */
export function pageOf<Item extends { readonly id: string }>(
  found: readonly Item[],
  limit: number,
): Page<Item> {
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
}
