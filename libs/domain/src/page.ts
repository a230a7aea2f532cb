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
