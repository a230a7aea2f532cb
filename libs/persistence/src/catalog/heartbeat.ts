import { randomUUID } from 'node:crypto';
import { MikroORM } from '@mikro-orm/postgresql';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { compile } from '../migrations/compiled-migration.ts';
import { migrationLists } from '../migrations/migration-lists.ts';
import { TenantContext } from '../tenant-context/tenant-context.ts';

const EVERY_MS = 15_000;
/** How long a process counts as running that has not been heard of: it may be cut off from the database, and come back. */
const COUNTS_FOR_S = 300;
/** What is left for requests that are being answered when a process is told to end. */
const ENDS_IN_S = 120;

/**
 * Says that this process is running, and which contracts its build is ready for. As long as one does that needs what a
 * contract takes away, the migrator refuses the contract.
 */
@Injectable()
export class Heartbeat implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Heartbeat');
  private readonly id = randomUUID();
  private timer: NodeJS.Timeout | undefined;
  private fails = false;
  /** The beat that is under way: an earlier one must not be stored after a later one. */
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: TenantContext,
    private readonly orm: MikroORM,
  ) {}

  /** Before the first request is served. */
  async onApplicationBootstrap(): Promise<void> {
    await this.beat(COUNTS_FOR_S);
    this.timer = setInterval(() => void this.beat(COUNTS_FOR_S), EVERY_MS);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.beat(ENDS_IN_S);
  }

  private beat(seconds: number): Promise<void> {
    this.last = this.last.then(() => this.beatNow(seconds));
    return this.last;
  }

  private async beatNow(seconds: number): Promise<void> {
    try {
      await this.write(seconds);
      this.fails = false;
    } catch (error) {
      // Before the first migration there is no table; and a database that is away is told of elsewhere, too.
      if (!this.fails) {
        this.logger.warn({ err: error, msg: 'could not say that this process is running' });
      }
      this.fails = true;
    }
  }

  private async write(seconds: number): Promise<void> {
    const contracts = await this.knownContracts();
    await this.context.runAsReader(() =>
      this.orm.em.transactional((transaction) =>
        transaction.execute(
          `with gone as (delete from heartbeat where counts_until < now() - interval '1 day')
           insert into heartbeat (id, contracts, counts_until)
           values (?, array(select jsonb_array_elements_text(?::jsonb)), now() + ? * interval '1 second')
           on conflict (id) do update set seen_at = now(), counts_until = excluded.counts_until`,
          [this.id, JSON.stringify(contracts), seconds],
        ),
      ),
    );
  }

  private async knownContracts(): Promise<readonly string[]> {
    const { catalog, tenant } = await compile(this.orm, migrationLists);
    return [...catalog, ...tenant]
      .filter(({ kind }) => kind === 'contract')
      .map(({ name }) => name);
  }
}
