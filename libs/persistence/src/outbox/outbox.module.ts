import {
  type DynamicModule,
  type FactoryProvider,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { EntityManager } from '@mikro-orm/postgresql';
import type { EventHandler } from '@tenantry/application';
import { TenantContext } from '../tenant-context/tenant-context.ts';
import type { ScopedEntityManager } from '../tenant-context/scoped-entity-manager.ts';
import { OutboxRelay, type RelayOptions } from './outbox-relay.ts';
import { OutboxWorker } from './outbox-worker.ts';
import { Outbox } from './outbox.ts';
import { Outboxes } from './outboxes.ts';

/** What delivers events in a process. */
export interface OutboxModuleOptions extends Partial<RelayOptions> {
  /** Makes the handlers; what they need is injected. */
  readonly handlers: Omit<FactoryProvider<readonly EventHandler[]>, 'provide'>;
}

const WORKER = Symbol('OutboxWorker');

/** Delivers events from this process, beside the `PersistenceModule`. Any number of processes may do so. */
@Module({})
export class OutboxModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(@Inject(WORKER) private readonly worker: OutboxWorker) {}

  static forRoot({ handlers, ...options }: OutboxModuleOptions): DynamicModule {
    const HANDLERS = Symbol('EventHandlers');
    return {
      module: OutboxModule,
      providers: [
        { provide: HANDLERS, ...handlers },
        {
          provide: OutboxRelay,
          useFactory: (
            context: TenantContext,
            outboxes: Outboxes,
            outbox: Outbox,
            all: readonly EventHandler[],
          ) => new OutboxRelay(context, outboxes, outbox, all, options),
          inject: [TenantContext, Outboxes, Outbox, HANDLERS],
        },
        {
          provide: WORKER,
          useFactory: (relay: OutboxRelay, entityManager: ScopedEntityManager) =>
            new OutboxWorker(relay, entityManager),
          inject: [OutboxRelay, EntityManager],
        },
      ],
      exports: [OutboxRelay],
    };
  }

  onApplicationBootstrap(): void {
    this.worker.start();
  }

  /** Before connections are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.worker.stop();
  }
}
