import { CommitOutcomeUnknown, email, Member, newId } from '@tenantry/domain';
import { CommitInterrupted } from '../../unit-of-work/transaction-errors.ts';
import { Idempotency } from '../../unit-of-work/idempotency.ts';
import type { connectPersistence } from '../persistence-harness.ts';
import type { Operation } from './operation.ts';

/** What carries operations out, and says what became of them. */
export interface Ledger {
  /** Resolves when it is stored, rejects when it is not, or not known to be. */
  transfer(operation: Operation): Promise<void>;
}

/** How often a client asks for the same with one key. */
const ASKED = 4;

/** The ledger on the data access layer. */
export class TenantryLedger implements Ledger {
  constructor(private readonly persistence: Awaited<ReturnType<typeof connectPersistence>>) {}

  transfer(operation: Operation): Promise<void> {
    const { context, unitOfWork } = this.persistence;
    return context.run(operation.tenant, async () => {
      switch (operation.kind) {
        case 'replayable':
          return unitOfWork.run(() => this.book(operation), { replayable: true });
        case 'plain':
          return unitOfWork.run(() => this.book(operation));
        case 'nested':
          return unitOfWork.run(() => this.bookAround(operation), { replayable: true });
        case 'serializable':
          return unitOfWork.run(() => this.bookByReading(operation), {
            isolationLevel: 'serializable',
            replayable: true,
          });
        case 'swallowing':
          return unitOfWork.run(async () => {
            await this.book(operation);
            await this.sql('select 1 / 0').catch(() => undefined);
          });
        case 'idempotent':
          return this.bookOnce(operation);
      }
    });
  }

  private async book({ id, from, to }: Operation): Promise<void> {
    await this.sql('update account set balance = balance - 1 where tenant_id = ? and id = ?', from);
    await this.sql('update account set balance = balance + 1 where tenant_id = ? and id = ?', to);
    await this.enter(id, from, to);
  }

  private async bookByReading({ id, from, to }: Operation): Promise<void> {
    for (const [account, change] of [
      [from, -1],
      [to, 1],
    ] as const) {
      const [row] = await this.sql<{ balance: number }>(
        'select balance from account where tenant_id = ? and id = ?',
        account,
      );
      await this.sql(
        `update account set balance = ${row!.balance + change} where tenant_id = ? and id = ?`,
        account,
      );
    }
    await this.enter(id, from, to);
  }

  private async bookAround(operation: Operation): Promise<void> {
    const part = async (): Promise<void> => {
      await this.book({ ...operation, id: newId() });
      await this.persistence.entityManager.flush();
      throw new RangeError('undone');
    };
    await this.persistence.unitOfWork
      .run(part, { propagation: 'nested' })
      .catch((error: unknown) => {
        if (!(error instanceof RangeError)) {
          throw error;
        }
      });
    await this.book(operation);
  }

  private async bookOnce(operation: Operation): Promise<void> {
    const request = { key: operation.id, fingerprint: operation.id };
    let unknown: unknown;
    let refused: unknown;
    for (let asked = 0; asked < ASKED; asked += 1) {
      try {
        await this.persistence.get(Idempotency).once(request, async () => {
          await this.persistence.unitOfWork.run(() => this.book(operation));
          return 'booked';
        });
        return;
      } catch (error) {
        unknown ??= isUnknown(error) ? error : undefined;
        refused = error;
      }
    }
    throw unknown ?? refused;
  }

  /** Twice: by SQL, and as an entity to which something happens. */
  private async enter(id: string, from: number, to: number): Promise<void> {
    await this.sql(
      `insert into entry (tenant_id, operation, source, target) values (?, '${id}', ?, ${to})`,
      from,
    );
    const address = email(`${newId()}@example.com`);
    this.persistence.members.add(new Member({ email: address, name: id }));
  }

  private sql<Row extends object>(statement: string, account?: number): Promise<Row[]> {
    const { context, entityManager } = this.persistence;
    const parameters = account === undefined ? [] : [context.current().id, account];
    return entityManager.execute<Row[]>(statement, parameters);
  }
}

/** Whether nobody can say what became of it. */
export function isUnknown(error: unknown): boolean {
  return error instanceof CommitOutcomeUnknown || error instanceof CommitInterrupted;
}
