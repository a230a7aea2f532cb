import { Kysely } from 'kysely';
import type { RowReader } from './row-reader.ts';
import { scopedDialect } from './scoped-dialect.ts';

/**
 * The base of what reads for screens: `db` is a query builder over the tables of a placement, in whichever that of the current
 * tenant is. Name the tenant in each statement (`tenantId`): row security would keep it to the tenant's rows anyway, and an
 * index finds those.
 */
export abstract class TenantQueries<Tables> {
  protected readonly db: Kysely<Tables>;

  constructor(private readonly reader: RowReader) {
    this.db = new Kysely({ dialect: scopedDialect(reader) });
  }

  /** @throws {TenantContextMissing} outside of a tenant's scope */
  protected get tenantId(): string {
    return this.reader.tenantId;
  }
}
