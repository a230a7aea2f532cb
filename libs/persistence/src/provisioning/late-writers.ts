import { setTimeout as sleep } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/postgresql';
import { Unavailable } from '@tenantry/domain';

const EVERY_MS = 50;
const PATIENCE_MS = 60_000;

/**
 * Waits until the app's transactions have ended that are open now: one of them may be a tenant's that is not served any
 * more, and what it has written cannot be seen before it ends. A transaction is told by its virtual id, which it has from
 * its beginning, as building an index concurrently does.
 * @param login the app's; the owner's own transactions are not waited for
 * @throws {Unavailable} when one is still open after a minute
 */
export async function waitForLateWriters(orm: MikroORM, login: string): Promise<void> {
  const open = new Set(await openTransactions(orm, login));
  const deadline = Date.now() + PATIENCE_MS;
  while (open.size > 0) {
    if (Date.now() > deadline) {
      throw new Unavailable('late-writer', 'A transaction of the app has been open for too long.');
    }
    await sleep(EVERY_MS);
    const still = new Set(await openTransactions(orm, login));
    for (const each of open) {
      if (!still.has(each)) {
        open.delete(each);
      }
    }
  }
}

async function openTransactions(orm: MikroORM, login: string): Promise<readonly string[]> {
  const rows = await orm.em.fork().execute<{ id: string }[]>(
    `select l.virtualtransaction as id from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'virtualxid' and l.granted and a.datname = current_database() and a.usename = ?`,
    [login],
  );
  return rows.map(({ id }) => id);
}
