import type { SupervisedConnection } from '../connection/supervised-connection.ts';
import { withRunLock } from '../migrations/run-lock.ts';
import type { OwnerOrm } from './owner-orm.provider.ts';

/** Locks that one run at a time can have, in whatever process. They end with the process; there is nothing to unlock. */
export class RunLocks {
  constructor(private readonly owner: OwnerOrm) {}

  /**
   * Holds the lock meanwhile.
   * @param what it is the lock of
   * @param work is told when the lock is lost, with its connection
   * @throws {LockTaken} while another run holds it
   * @throws {PoolerInBetween}
   */
  async hold<Result>(what: string, work: (lost: AbortSignal) => Promise<Result>): Promise<Result> {
    const connection = this.owner.orm.driver.getConnection() as SupervisedConnection;
    return withRunLock(await connection.getNativeClient(), what, work);
  }
}
