import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Logger } from '@nestjs/common';
import type { Readiness } from '@tenantry/health';

/** The time between being told to end and ending: the process is not ready any more, and still serves whoever comes. */
export class Draining implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Shutdown');
  private begun = false;

  /** @param delayMs until nobody sends requests any more */
  constructor(
    private readonly readiness: Pick<Readiness, 'drain'>,
    private readonly delayMs: number,
  ) {}

  get hasBegun(): boolean {
    return this.begun;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.begun = true;
    this.readiness.drain();
    this.logger.log({ msg: 'not ready any more, about to end', delayMs: this.delayMs });
    await sleep(this.delayMs);
  }
}
