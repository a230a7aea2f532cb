import type { EventSubscriber, TransactionEventArgs } from '@mikro-orm/core';
import { Logger } from '@nestjs/common';
import type { ScopedEntityManager } from '../tenant-context/scoped-entity-manager.ts';
import { loneUnitOf } from '../unit-of-work/flush-queue.ts';
import type { OutboxRelay } from './outbox-relay.ts';

/** The shortest pause between two looks at all placements. */
const LEAST_PAUSE_MS = 1_000;
/** Looking at all placements takes at most one part in so many of the time. */
const SHARE = 10;

/**
 * Keeps the relay going in a process. What is stored here is delivered at once; what others have stored is found by looking
 * at all placements, now and then.
 */
export class OutboxWorker implements EventSubscriber {
  private readonly logger = new Logger('Outbox');
  private readonly stopping = new AbortController();
  private readonly woken = new Set<string>();
  private wake: () => void = () => undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly relay: OutboxRelay,
    private readonly entityManager: ScopedEntityManager,
  ) {}

  start(): void {
    this.entityManager.getEventManager().registerSubscriber(this);
    this.running = this.run();
  }

  /** Waits for what is being delivered. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  /** Something was stored in this process that is to be delivered. */
  afterTransactionCommit({ em }: TransactionEventArgs): void {
    const { unit = loneUnitOf(em), sealedTo } = em as ScopedEntityManager;
    if (unit && unit.events.length > 0 && sealedTo?.kind === 'tenant') {
      this.woken.add(sealedTo.tenant.schema);
      this.wake();
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let nextLook = 0;
    while (!signal.aborted) {
      const lookedAt = Date.now();
      const everywhere = lookedAt >= nextLook;
      await this.pass(everywhere);
      if (everywhere) {
        nextLook = Date.now() + Math.max(LEAST_PAUSE_MS, (Date.now() - lookedAt) * (SHARE - 1));
      }
      await this.wakeUpOr(nextLook - Date.now());
    }
  }

  private async pass(everywhere: boolean): Promise<void> {
    const schemas = new Set(this.woken);
    this.woken.clear();
    try {
      await this.relay.pass(everywhere ? undefined : schemas, this.stopping.signal);
    } catch (error) {
      this.logger.warn({ err: error, msg: 'the outboxes could not be looked at' });
    }
  }

  private async wakeUpOr(timeoutMs: number): Promise<void> {
    if (this.woken.size > 0 || this.stopping.signal.aborted) {
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, timeoutMs));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => undefined;
  }
}
