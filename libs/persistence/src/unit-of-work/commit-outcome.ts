import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { CommitOutcomeUnknown } from '@tenantry/domain';
import type { Timeouts } from '../tenant-context/scope.ts';
import type { CommitMarker } from './commit-marker.ts';
import { Transaction, transactions } from './transaction.ts';

type Connection = ReturnType<SqlEntityManager['getConnection']>;

const FIRST_DELAY_MS = 20;
const LONGEST_DELAY_MS = 500;
/** So often, however long each time takes. */
const ASKED_AT_LEAST = 3;

/**
 * Finds out whether a transaction was stored whose COMMIT was sent and not answered, on connections of its own: waits while
 * it is still being stored, and goes on asking while the server cannot be had.
 * @returns true when it is stored; false when it is not, and never will be
 * @throws {CommitOutcomeUnknown} when the server did not say in time, with the last reason as its cause
 */
export async function isStored(
  connection: Connection,
  marker: CommitMarker,
  timeouts: Timeouts,
): Promise<boolean> {
  const deadline = Date.now() + timeouts.commitTimeoutMs;
  for (let attempt = 0; ; attempt += 1) {
    try {
      // A part of the time: on a connection that does not answer either nothing is to be had by waiting for longer.
      const rest = Math.max(1, Math.ceil((deadline - Date.now()) / ASKED_AT_LEAST));
      return await ask(connection, marker, timeouts, rest);
    } catch (error) {
      const pause = Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
      if (Date.now() + pause >= deadline) {
        throw new CommitOutcomeUnknown(marker.id, { cause: error });
      }
      await sleep(pause);
    }
  }
}

/** In a transaction of its own, which nobody can cancel: the answer matters whoever has gone away. */
function ask(
  connection: Connection,
  { fence, look }: CommitMarker,
  timeouts: Timeouts,
  restMs: number,
): Promise<boolean> {
  const transaction = new Transaction(
    {
      ...timeouts,
      statementTimeoutMs: restMs,
      lockTimeoutMs: restMs,
      transactionTimeoutMs: restMs,
      commitTimeoutMs: restMs,
    },
    undefined,
    transactions.getStore(),
  );
  // The turn of the one that is asked about has gone to somebody else with its connection.
  transaction.needsTurn = false;
  return transactions.run(transaction, () =>
    connection.transactional(async (handle) => {
      await connection.execute(fence, [], 'run', handle);
      const [row] = await connection.execute<{ fenced: boolean }[]>(look, [], 'all', handle);
      return row?.fenced === false;
    }),
  );
}
