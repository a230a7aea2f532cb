import { type EntityName, OptimisticLockError, Utils } from '@mikro-orm/core';
import { type PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { DomainError } from '@tenantry/domain';
import { IsolationViolation } from '../tenant-context/isolation-violation.ts';
import {
  FlushUnderWay,
  SavepointOpen,
  StreamOpen,
  TransactionManaged,
  UnexpectedRollback,
} from '../unit-of-work/transaction-errors.ts';
import { PoolExhausted } from './pool-exhausted.ts';
import { CircuitOpen } from './server-circuit.ts';
import { ScopedConnection } from './supervised-connection.ts';

/** How MikroORM calls: entity managers name themselves, the flush of managed entities does not. */
interface Caller {
  readonly em?: unknown;
  readonly upsert?: boolean;
}

const OWN = [
  CircuitOpen,
  DomainError,
  FlushUnderWay,
  IsolationViolation,
  PoolExhausted,
  SavepointOpen,
  StreamOpen,
  TransactionManaged,
  UnexpectedRollback,
];

/**
 * PostgreSQL's driver, which notices what row security hides without a word: an UPDATE or DELETE of a managed entity that
 * finds no row is refused like a change that comes too late. Methods that return `never` return what `PostgreSqlDriver` says.
 */
export class ScopedDriver extends PostgreSqlDriver {
  protected override readonly connection: PostgreSqlConnection = new ScopedConnection(this.config);
  protected override readonly replicas: PostgreSqlConnection[] = this.createReplicas(
    (options) => new ScopedConnection(this.config, options, 'read'),
  );

  override nativeUpdate(...parameters: unknown[]): never {
    const [entityName, , data, options] = parameters as [EntityName, unknown, object, Caller?];
    const update = super.nativeUpdate(...(parameters as [never, never, never]));
    // What is in collections is taken out of the data by then; without anything else there was no statement.
    return this.affecting(() => Number(Utils.hasObjectKeys(data)), entityName, update, options);
  }

  override nativeUpdateMany(...parameters: unknown[]): never {
    const [entityName, rows, , options] = parameters as [EntityName, unknown[], unknown, Caller?];
    const update = super.nativeUpdateMany(...(parameters as [never, never, never]));
    return this.affecting(() => rows.length, entityName, update, options);
  }

  override nativeDelete(...parameters: unknown[]): never {
    const [entityName, where, options] = parameters as [EntityName, object, Caller?];
    const { $in = [] } = Object.values(where)[0] as { $in?: unknown[] };
    const deletion = super.nativeDelete(...(parameters as [never, never]));
    return this.affecting(() => $in.length, entityName, deletion, options);
  }

  /** What this layer says itself is as it should be. */
  override convertException(error: Error): never {
    return (
      OWN.some((own) => error instanceof own) ? error : super.convertException(error)
    ) as never;
  }

  private affecting(
    expected: () => number,
    entityName: EntityName,
    statement: Promise<{ affectedRows: number }>,
    { em, upsert }: Caller = {},
  ): never {
    const checked = statement.then((result) => {
      if (em === undefined && !upsert && result.affectedRows < expected()) {
        throw OptimisticLockError.lockFailed(Utils.className(entityName));
      }
      return result;
    });
    return checked as never;
  }
}
