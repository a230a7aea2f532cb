import { isPrintable, type Id } from '@tenantry/domain';
import { z } from 'zod';

/** The id of a `Name`, as it is written in requests. */
export function id<Name extends string>() {
  return z.uuid({ error: 'must be a uuid' }).transform((value) => value.toLowerCase() as Id<Name>);
}

/** A text that can be stored, as someone wrote it. */
export function text(max: number) {
  return z
    .string()
    .max(max, { error: `must be at most ${max} characters` })
    .refine(isPrintable, { error: 'must have printable characters only' });
}

/** A point in time, given as ISO 8601 in UTC. */
export const timestamp = z
  .date()
  .transform((date) => date.toISOString())
  .pipe(z.iso.datetime());

const limit = { error: 'must be a whole number from 1 to 100' };

/** The part of a query that asks for a page of things called `Name`. */
export function pageParameters<Name extends string>() {
  return {
    limit: z.coerce.number(limit).int(limit).min(1, limit).max(100, limit).default(20),
    after: z
      .string()
      .transform((cursor) => Buffer.from(cursor, 'base64url').toString())
      .pipe(z.uuid({ error: 'must be the nextCursor of the page before' }))
      .transform((last) => last as Id<Name>)
      .optional(),
  };
}

/** Words to search for. */
export const search = text(200)
  .transform((value) => value.trim() || undefined)
  .optional();

/** The schema of a page of what `item` describes. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .describe('send it as ?after= to get the next page; null after the last one'),
  });
}

/** A yes or no in a query. */
export const flag = z.stringbool({
  truthy: ['true'],
  falsy: ['false'],
  error: 'must be true or false',
});

/** A page as it is answered; the schema of the response cuts its items down. */
export function paged<Item extends object>(
  { items, next }: { readonly items: readonly Item[]; readonly next: string | null },
  view: (item: Item) => object = (item) => item,
): { items: object[]; nextCursor: string | null } {
  return { items: items.map(view), nextCursor: next && Buffer.from(next).toString('base64url') };
}
