import { Logger } from '@nestjs/common';
import pg from 'pg';
import { reasonOf } from '../connection/connection-errors.ts';
import { OPERATIONS_CHANNEL } from './operations-channel.ts';

const RECONNECT_AFTER_MS = 1_000;

/**
 * Wakes a provisioner when something has been requested, by a connection of its own that listens. While that is lost it
 * wakes nobody, so whoever waits does so for a limited time.
 */
export class WakeUps {
  private readonly logger = new Logger('Provisioner');
  private client: pg.Client | null = null;
  private reconnecting: NodeJS.Timeout | undefined;
  private stopped = false;
  /** Something was requested since the last time someone waited. */
  private missed = false;
  private wake: () => void = () => {
    this.missed = true;
  };

  /** @param url the owner's, without a pooler in between, which would not pass notifications on */
  constructor(private readonly url: string) {}

  /** Begins to listen; when it cannot, it goes on trying. */
  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      keepAlive: true,
      application_name: 'tenantry provisioner',
    });
    client.on('notification', () => {
      this.wake();
    });
    client.once('error', (error) => {
      this.lost(client, error);
    });
    try {
      await client.connect();
      await client.query(`listen ${OPERATIONS_CHANNEL}`);
      this.client = client;
      // What was requested while nobody listened.
      this.wake();
    } catch (error) {
      this.lost(client, error);
    }
  }

  /** Waits until something is requested, or for so many milliseconds. */
  next(timeoutMs: number): Promise<void> {
    if (this.missed || this.stopped) {
      this.missed = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.wake = () => {
          this.missed = true;
        };
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.wake = done;
    });
  }

  /** Wakes whoever waits, and listens no more. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.reconnecting);
    this.wake();
    await this.client?.end();
  }

  private lost(client: pg.Client, error: unknown): void {
    client.removeAllListeners();
    client.on('error', () => undefined);
    void client.end().catch(() => undefined);
    if (this.stopped || this.reconnecting !== undefined) {
      return;
    }
    this.logger.warn({ msg: 'not listening, trying again', reason: reasonOf(error) });
    this.client = null;
    this.reconnecting = setTimeout(() => {
      this.reconnecting = undefined;
      void this.start();
    }, RECONNECT_AFTER_MS);
  }
}
