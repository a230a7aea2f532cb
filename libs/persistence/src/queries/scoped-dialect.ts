import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import { TransactionManaged } from '../unit-of-work/transaction-errors.ts';
import type { RowReader } from './row-reader.ts';

/** Kysely, by way of a reader: its statements are in the current scope, or refused. */
export function scopedDialect(reader: RowReader): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new ReadingDriver(reader),
    createQueryCompiler: () => new LiteralQueryCompiler(reader),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
}

/** With the values in the text, as MikroORM sends them: only a plain text is in one message with what enters the scope. */
class LiteralQueryCompiler extends PostgresQueryCompiler {
  constructor(private readonly reader: RowReader) {
    super();
  }

  protected override appendValue(value: unknown): void {
    this.append(this.reader.literal(value));
  }
}

/** It has no connections: whoever has them gives one to each statement. */
class ReadingDriver implements Driver, DatabaseConnection {
  constructor(private readonly reader: RowReader) {}

  init(): Promise<void> {
    return Promise.resolve();
  }

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(this);
  }

  releaseConnection(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }

  async executeQuery<Row>({ sql }: CompiledQuery): Promise<QueryResult<Row>> {
    return { rows: (await this.reader.rows(sql)) as Row[] };
  }

  streamQuery(): never {
    throw new TransactionManaged();
  }

  beginTransaction(): never {
    throw new TransactionManaged();
  }

  commitTransaction(): never {
    throw new TransactionManaged();
  }

  rollbackTransaction(): never {
    throw new TransactionManaged();
  }
}
