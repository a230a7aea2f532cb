import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SupervisedConnection } from './supervised-connection.ts';

/** PostgreSQL's driver for the owner, whose transactions are in no scope. */
export class OwnerDriver extends PostgreSqlDriver {
  protected override readonly connection: SupervisedConnection = new SupervisedConnection(
    this.config,
  );
}
