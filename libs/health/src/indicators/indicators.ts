import type { MikroORM } from '@mikro-orm/postgresql';
import type { IsolationCheck, Outboxes } from '@tenantry/persistence';
import type { CommonConfig } from '@tenantry/platform';
import type { Indicator } from '../report/indicator.ts';
import { ActivityIndicator } from './activity.indicator.ts';
import { ConnectionsIndicator } from './connections.indicator.ts';
import { DeadRowsIndicator } from './dead-rows.indicator.ts';
import { EventsIndicator } from './events.indicator.ts';
import { IsolationIndicator } from './isolation.indicator.ts';
import { LocksIndicator } from './locks.indicator.ts';
import { MigrationsIndicator } from './migrations.indicator.ts';
import { OperationsIndicator } from './operations.indicator.ts';
import { PoolIndicator } from './pool.indicator.ts';
import { ReplicationIndicator } from './replication.indicator.ts';
import { SeedsIndicator } from './seeds.indicator.ts';
import { ServerIndicator } from './server.indicator.ts';
import { SettingsIndicator } from './settings.indicator.ts';
import { SizesIndicator } from './sizes.indicator.ts';
import { StatementsIndicator } from './statements.indicator.ts';
import { TransactionsIndicator } from './transactions.indicator.ts';
import { WalIndicator } from './wal.indicator.ts';
import { WraparoundIndicator } from './wraparound.indicator.ts';

/** All that Tenantry brings along, in the order in which they are reported. */
export function indicatorsOf(
  { production, database }: Pick<CommonConfig, 'production' | 'database'>,
  orm: MikroORM,
  outboxes: Outboxes,
  isolation: IsolationCheck,
): readonly Indicator[] {
  const strictness = { production, allowOldServer: database.allowOldServer };
  return [
    new ServerIndicator(strictness),
    new PoolIndicator(orm),
    new ConnectionsIndicator(),
    new TransactionsIndicator(),
    new LocksIndicator(),
    new ActivityIndicator(),
    new StatementsIndicator(),
    new MigrationsIndicator(orm),
    new IsolationIndicator(strictness, isolation),
    new OperationsIndicator(),
    new EventsIndicator(outboxes),
    new SeedsIndicator(),
    new SizesIndicator(),
    new DeadRowsIndicator(),
    new WraparoundIndicator(),
    new WalIndicator(),
    new ReplicationIndicator(),
    new SettingsIndicator(database.poolMax),
  ];
}
