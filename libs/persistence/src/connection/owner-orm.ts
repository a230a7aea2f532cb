import { MikroORM } from '@mikro-orm/postgresql';
import type { DatabaseConfig } from '@tenantry/platform';
import { ormOptions } from './orm.ts';
import { OwnerDriver } from './owner-driver.ts';

/** A connection for the lock of the fleet, one to work with, one to spare. */
const CONNECTIONS = 3;

/** The owner's ORM, for the migrator alone: it runs DDL and maps nothing. */
export function createOwnerOrm(url: string, config: DatabaseConfig): MikroORM {
  return new MikroORM({
    ...ormOptions(url, config),
    driver: OwnerDriver,
    pool: { min: 0, max: CONNECTIONS },
    entities: [],
    // A name of its own: MikroORM would otherwise hand its transactions to the app's repositories, as the owner.
    contextName: 'owner',
  });
}
