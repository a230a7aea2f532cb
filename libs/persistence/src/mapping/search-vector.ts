import { p } from '@mikro-orm/core';

/**
 * A column for full-text search that PostgreSQL keeps in step with others. The `simple` configuration takes words as they
 * are: what tenants write is in all languages. It is queried with `$fulltext` and never loaded.
 * @param columns which of them, with their weight from A (highest) to D
 */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- MikroORM infers from the builder's own
export function searchVector(columns: Readonly<Record<string, 'A' | 'B' | 'C' | 'D'>>) {
  const parts = Object.entries(columns).map(
    ([column, weight]) => `setweight(to_tsvector('simple', ${column}), '${weight}')`,
  );
  return p
    .string()
    .columnType('tsvector')
    .generated(`(${parts.join(' || ')}) stored`)
    .returning(false)
    .lazy()
    .hidden()
    .nullable();
}
