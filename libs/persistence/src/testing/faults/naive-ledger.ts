import { MikroORM } from '@mikro-orm/postgresql';
import { errorParts } from '../../connection/connection-errors.ts';
import type { Ledger } from './ledger.ts';
import type { Operation } from './operation.ts';

/** How often it is tried again, as it is usually done. */
const ATTEMPTS = 5;
/** Enough for all the places that it loses. */
const CONNECTIONS = 60;

/**
 * The negative control: the same transfers on the ORM as it is, with `em.transactional` and a retry after every error that
 * is not of the data, as it is found in many programs.
 */
export class NaiveLedger implements Ledger {
  private readonly orm: MikroORM;

  constructor(url: string) {
    this.orm = new MikroORM({
      clientUrl: url,
      entities: [],
      contextName: 'naive',
      ensureDatabase: false,
      discovery: { warnWhenNoEntities: false },
      pool: { max: CONNECTIONS, idleTimeoutMillis: 200 },
      driverOptions: { connectionTimeoutMillis: 200 },
    });
  }

  async transfer(operation: Operation): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.book(operation);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS || errorParts(error).code?.startsWith('2')) {
          throw error;
        }
      }
    }
  }

  /** It cannot be closed when it has lost connections, so those are ended one by one. */
  async abandon(): Promise<void> {
    const pool = (await this.orm.driver.getConnection().getNativeClient()) as unknown as {
      readonly _clients: readonly { end(): Promise<void> }[];
    };
    await Promise.all(pool._clients.map((client) => client.end()));
  }

  private async book({ id, tenant, kind, from, to }: Operation): Promise<void> {
    await this.orm.em.fork().transactional(async (transaction) => {
      const change = (by: number, account: number): Promise<unknown> =>
        transaction.execute(
          `update "${tenant.schema}".account set balance = balance + ? where tenant_id = ? and id = ?`,
          [by, tenant.id, account],
        );
      await change(-1, from);
      await change(1, to);
      await transaction.execute(
        `insert into "${tenant.schema}".entry (tenant_id, operation, source, target) values (?, ?, ?, ?)`,
        [tenant.id, id, from, to],
      );
      if (kind === 'swallowing') {
        await transaction.execute('select 1 / 0').catch(() => undefined);
      }
    });
  }
}
