import type { Wording } from './wording.ts';

/**
 * What the rows of one owner are made of. The same recipe and index give the same row, but for the time when it was made. Ids
 * are the same for all owners, texts are not: what got to the wrong one would show.
 */
export interface Recipe {
  /** The seed number, 0 to 2^32 - 1. */
  readonly seed: number;
  /** The slug of the tenant that has them. */
  readonly owner: string;
  readonly wording: Wording;
}
