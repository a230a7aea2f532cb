import { v7 } from 'uuid';
import type { Brand } from './brand.ts';

/** The id of a `Name`: a uuid, time-ordered (version 7) when made here, so that ids sort by creation. */
export type Id<Name extends string> = Brand<string, Name>;

/** A new id, unique everywhere. */
export function newId<Name extends string>(): Id<Name> {
  return v7() as Id<Name>;
}
