import { MikroORM } from '@mikro-orm/postgresql';
import type { DatabaseConfig } from '@tenantry/platform';
import { ormOptions } from './orm.ts';
import { OwnerDriver } from './owner-driver.ts';

/** For one thing after the other, with what holds a lock meanwhile. */
const CONNECTIONS = 3;
/** Of every table that a connection has touched the server keeps some 10 kB for it: it is not kept for ever. */
export const MOST_USES = 500;

/**
 * The owner's ORM, for the migrator alone: it runs DDL and maps nothing.
 * @param connections how many it may have
 */
export function createOwnerOrm(
  url: string,
  config: DatabaseConfig,
  connections = CONNECTIONS,
): MikroORM {
  const options = ormOptions(url, config);
  return new MikroORM({
    ...options,
    driver: OwnerDriver,
    driverOptions: { ...options.driverOptions, maxUses: MOST_USES },
    pool: { min: 0, max: connections },
    entities: [],
    // A name of its own: MikroORM would otherwise hand its transactions to the app's repositories, as the owner.
    contextName: 'owner',
  });
}
