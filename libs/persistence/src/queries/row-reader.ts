import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { tenantOf } from '../mapping/tenant-owned.ts';
import type { ScopedEntityManager } from '../tenant-context/scoped-entity-manager.ts';
import { Retry } from '../unit-of-work/retry.ts';
import { RetryBudget } from '../unit-of-work/retry-budget.ts';
import { translated } from '../unit-of-work/translated-error.ts';

/**
 * Reads rows as the server gives them, in the scope that is current, by single statements. No entity is made of them. It is one
 * round trip outside of units of work, and a part of the transaction within one.
 */
@Injectable()
export class RowReader {
  private readonly entityManager: ScopedEntityManager;

  constructor(
    entityManager: EntityManager,
    private readonly budget: RetryBudget,
  ) {
    this.entityManager = entityManager as ScopedEntityManager;
  }

  /** Whose rows they are: for the condition of each statement, by which an index finds them. @throws {TenantContextMissing} */
  get tenantId(): string {
    return tenantOf(this.entityManager.getContext());
  }

  /** A value as a literal in SQL. */
  literal(value: unknown): string {
    return this.entityManager.getPlatform().quoteValue(value);
  }

  /**
   * @param sql one statement, with `?` where it has values
   * @throws {Unavailable} when the database cannot be reached, or took too long
   * @throws {TenantContextMissing} outside of a scope
   */
  async rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const text = this.entityManager.getPlatform().formatQuery(sql, values);
    const read = (): Promise<Row[]> => this.entityManager.readRows<Row>(text);
    try {
      // What only reads can be tried again, whatever has become of the connection.
      return await (this.entityManager.isInTransaction()
        ? read()
        : new Retry({}, this.budget).run(read, () => undefined));
    } catch (error) {
      throw translated(error);
    }
  }
}
