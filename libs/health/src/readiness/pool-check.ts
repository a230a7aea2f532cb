import { MikroORM } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { readPoolStatistics } from '@tenantry/persistence';

/** Whether the pool that serves requests has a connection to give. */
@Injectable()
export class PoolCheck {
  /** There is one at a time: who waits in the queue of a pool that is full makes it longer. */
  private attempt: Promise<void> | undefined;

  constructor(private readonly orm: MikroORM) {}

  /** Takes a connection and gives it back. One that comes later than this is given back, too. */
  async mustHandOut(deadlineMs: number): Promise<void> {
    this.attempt ??= this.takeOne().finally(() => {
      this.attempt = undefined;
    });
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => {
      late.resolve('late');
    }, deadlineMs);
    try {
      if ((await Promise.race([this.attempt, late.promise])) === 'late') {
        throw new Error(await this.exhausted(deadlineMs));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private async takeOne(): Promise<void> {
    const pool = await this.orm.driver.getConnection().getNativeClient();
    (await pool.connect()).release();
  }

  private async exhausted(deadlineMs: number): Promise<string> {
    const { max, total, idle, waiting } = await readPoolStatistics(this.orm);
    return `the pool has handed out no connection within ${deadlineMs} ms (${total - idle} of ${max} in use, ${waiting} waiting)`;
  }
}
