import { Type } from '@mikro-orm/core';

/**
 * Text of another column in lower case, by which rows are found whatever its case: under row security an index on `lower()`
 * finds none, since the function is not leakproof. What is given to it is made lower-case by the server, as its own `lower()`
 * has it.
 */
export class LowerCase extends Type {
  override getColumnType(): string {
    return 'text';
  }

  override convertToDatabaseValueSQL(value: string): string {
    return `lower(${value})`;
  }
}
