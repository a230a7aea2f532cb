import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { MikroORM } from '@mikro-orm/postgresql';
import type { RestartableServer } from '@tenantry/embedded-postgres';
import { type FaultProxy, startFaultProxy } from '@tenantry/fault-proxy';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import { readPoolStatistics } from '../../connection/pool-statistics.ts';
import { withFleet } from '../../migrations/with-fleet.ts';
import { OutboxRelay } from '../../outbox/outbox-relay.ts';
import { Outbox } from '../../outbox/outbox.ts';
import { Outboxes } from '../../outbox/outboxes.ts';
import { connectPersistence, initech, registerTenants, tenants } from '../persistence-harness.ts';
import { audit, type Verdict } from './audit.ts';
import { isUnknown, type Ledger, TenantryLedger } from './ledger.ts';
import { anyOperation, type Mix, type Operation } from './operation.ts';

/** Something that goes wrong while operations are under way. */
export interface Fault {
  readonly name: string;
  /** How many clients there are at once; 16 unless said otherwise. */
  readonly clients?: number;
  /** How many connections they share; 8 unless said otherwise. */
  readonly connections?: number;
  readonly mix?: Partial<Mix>;
  /** Makes it go wrong until it is told to stop. */
  begin(bench: Bench): Promise<() => Promise<void>>;
}

/** What came of a fault. */
export interface Result extends Verdict {
  readonly fault: string;
  readonly operations: number;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  /** COMMITs whose reply was lost, and whose outcome was found out all the same. */
  readonly resolved: number;
  /** From the end of the fault until an operation succeeds again. */
  readonly recoveryMs: number;
  /** Errors that clients were given, by how often. */
  readonly errors: Readonly<Record<string, number>>;
}

const CLIENTS = 16;
const CONNECTIONS = 8;
const ACCOUNTS = 6;
/** The longest that clients and the pool may take to be done when the fault is over. */
const SETTLE_MS = 20_000;

/** A server of its own, a bad network before it, and a ledger that is used all the time. */
export class Bench {
  private constructor(
    readonly server: RestartableServer,
    readonly proxy: FaultProxy,
  ) {}

  static async start(server: RestartableServer): Promise<Bench> {
    const { hostname: host, port } = new URL(server.address.DATABASE_URL);
    const bench = new Bench(server, await startFaultProxy({ host, port: Number(port) }));
    await withFleet(readMigratorConfig({ ...server.address }), async (fleet) => {
      await fleet.migrate();
      await fleet.migratePlacement(initech.schema);
    });
    await bench.prepare();
    return bench;
  }

  /** SQL of the superuser, past the bad network, with a connection of its own. */
  readonly asOwner = async <Rows extends object[]>(
    sql: string,
    parameters: unknown[] = [],
  ): Promise<Rows> => {
    const client = new pg.Client({ connectionString: this.server.address.MIGRATOR_DATABASE_URL });
    client.on('error', () => undefined);
    await client.connect();
    try {
      let position = 0;
      const text = sql.replace(/\?/g, () => `$${++position}`);
      const { rows } = await client.query(text, parameters.length > 0 ? parameters : undefined);
      return rows as Rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  /** Runs operations through the data access layer while something is wrong. */
  async run(fault: Fault, forMs: number): Promise<Result> {
    const commits = countCommits();
    const persistence = await connectPersistence(this.config(fault.connections ?? CONNECTIONS));
    commits.start();
    const { result, history } = await this.measure(
      fault,
      forMs,
      new TenantryLedger(persistence),
      async (problems) => {
        await this.deliver(persistence);
        const pool = await readPoolStatistics(persistence.get(MikroORM));
        if (pool.waiting > 0 || pool.idle !== pool.total) {
          problems.push(`the pool is not whole: ${JSON.stringify(pool)}`);
        }
      },
    );
    commits.stop();
    await persistence.stop();
    const resolved = commits.resolved;
    return { ...result, resolved, errors: tally(history) };
  }

  /** The same with another ledger: what it loses and doubles. It need not be able to go on. */
  async runOther(fault: Fault, forMs: number, ledger: Ledger): Promise<Result> {
    const { result, history } = await this.measure(fault, forMs, ledger, () => Promise.resolve());
    return { ...result, errors: tally(history) };
  }

  /** The address of the server by way of the bad network, as the owner. */
  get ownerUrl(): string {
    return this.proxy.address(this.server.address).MIGRATOR_DATABASE_URL;
  }

  async stop(): Promise<void> {
    await this.proxy.close();
    await this.server.end();
  }

  private async measure(
    fault: Fault,
    forMs: number,
    ledger: Ledger,
    check: (problems: string[]) => Promise<void>,
  ): Promise<{ result: Result; history: readonly Operation[] }> {
    const mix: Mix = { tenants, accounts: ACCOUNTS, ...fault.mix };
    await this.reset(mix.accounts);
    const history: Operation[] = [];
    const stopping = new AbortController();
    const clients = Array.from({ length: fault.clients ?? CLIENTS }, () =>
      use(ledger, mix, history, stopping.signal),
    );
    // The first ones are served before anything goes wrong.
    await sleep(100);
    const end = await fault.begin(this);
    await sleep(forMs);
    await end();
    await this.proxy.heal();
    const recoveryMs = await recovery(ledger, mix, history);
    stopping.abort();
    const settled = await inTime(Promise.all(clients));
    const problems: string[] = settled ? [] : ['some clients were never answered'];
    await check(problems);
    await this.silence();
    const verdict = await audit(this.asOwner, mix.tenants, history);
    const count = (outcome: Operation['outcome']): number =>
      history.filter((operation) => operation.outcome === outcome).length;
    return {
      history,
      result: {
        ...verdict,
        problems: [...problems, ...verdict.problems, ...(await this.openTransactions())],
        fault: fault.name,
        operations: history.length,
        ok: count('ok'),
        fail: count('fail'),
        unknown: count('unknown'),
        resolved: 0,
        recoveryMs,
        errors: {},
      },
    };
  }

  private config(connections: number): MigratorConfig {
    return readMigratorConfig({
      ...this.proxy.address(this.server.address),
      DB_POOL_MAX: String(connections),
      DB_POOL_ACQUIRE_TIMEOUT_MS: '3000',
      DB_STATEMENT_TIMEOUT_MS: '3000',
      DB_LOCK_TIMEOUT_MS: '1000',
      DB_IDLE_IN_TX_TIMEOUT_MS: '1000',
      DB_TRANSACTION_TIMEOUT_MS: '4000',
      DB_COMMIT_TIMEOUT_MS: '4000',
    });
  }

  /** Tables of a ledger in each placement, as its tables are: under row security, and the tenant in their keys. */
  private async prepare(): Promise<void> {
    for (const [schema, role] of [
      ['shared', 'tenantry_shared'],
      [initech.schema, `tenantry_${initech.schema}`],
    ] as const) {
      const strict = (table: string): string => `
        alter table ${table} enable row level security; alter table ${table} force row level security;
        create policy tenant_isolation on ${table} using (tenant_id = current_setting('app.tenant_id')::uuid)
          with check (tenant_id = current_setting('app.tenant_id')::uuid);
        grant select, insert, update on ${table} to "${role}";`;
      await this.asOwner(`set search_path to "${schema}";
        create table account (tenant_id uuid, id int, balance int not null, primary key (tenant_id, id));
        create table entry (tenant_id uuid, id uuid default gen_random_uuid(), operation uuid not null,
          source int not null, target int not null, filling text, primary key (tenant_id, id));
        ${strict('account')} ${strict('entry')}`);
    }
    await registerTenants(this);
  }

  private async reset(accounts: number): Promise<void> {
    for (const schema of new Set(tenants.map((tenant) => tenant.schema))) {
      await this.asOwner(`set search_path to "${schema}";
        truncate entry, account, member, outbox_event, commit_marker, idempotency_key cascade`);
    }
    for (const { id, schema } of tenants) {
      await this.asOwner(
        `insert into "${schema}".account select '${id}', n, 0 from generate_series(0, ${accounts - 1}) n`,
      );
    }
  }

  /** What was stored at last is delivered too, however often something went wrong. */
  private async deliver({
    context,
    get,
  }: Awaited<ReturnType<typeof connectPersistence>>): Promise<void> {
    const handler = { events: ['member.joined'], handle: () => Promise.resolve() };
    const relay = new OutboxRelay(context, get(Outboxes), get(Outbox), [handler]);
    await relay.pass();
  }

  /** Transactions whose client has gone without a word are open until the server notices. */
  private async silence(): Promise<void> {
    const deadline = Date.now() + SETTLE_MS;
    while ((await this.openTransactions()).length > 0 && Date.now() < deadline) {
      await sleep(50);
    }
  }

  private async openTransactions(): Promise<string[]> {
    const rows = await this.asOwner<{ query: string }[]>(
      `select query from pg_stat_activity where usename = 'tenantry_app' and state <> 'idle'`,
    );
    return rows.map(({ query }) => `a session is still in a transaction: ${query}`);
  }
}

/** A client that wants one thing after the other, and notes what it is told. */
async function use(
  ledger: Ledger,
  mix: Mix,
  history: Operation[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await ask(ledger, anyOperation(mix), history);
  }
}

async function ask(ledger: Ledger, operation: Operation, history: Operation[]): Promise<void> {
  history.push(operation);
  try {
    await ledger.transfer(operation);
    operation.outcome = 'ok';
  } catch (error) {
    operation.outcome = isUnknown(error) ? 'unknown' : 'fail';
    operation.error = error;
    // A client that is refused does not ask again at once.
    await sleep(5 * Math.random());
  }
}

/** Asks until something is stored again. */
async function recovery(ledger: Ledger, mix: Mix, history: Operation[]): Promise<number> {
  const begin = Date.now();
  while (Date.now() - begin < SETTLE_MS) {
    const operation = anyOperation({ ...mix, kinds: ['plain'] });
    await Promise.race([
      ask(ledger, operation, history),
      sleep(SETTLE_MS, undefined, { ref: false }),
    ]);
    if (operation.outcome === 'ok') {
      break;
    }
  }
  return Date.now() - begin;
}

async function inTime(work: Promise<unknown>): Promise<boolean> {
  return Promise.race([work.then(() => true), sleep(SETTLE_MS, false, { ref: false })]);
}

/** What clients were told that were refused. */
function tally(history: readonly Operation[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { error } of history) {
    if (error !== undefined) {
      const { name, code = '' } = error as { name: string; code?: string };
      const what = `${name} ${code}`.trim();
      counts[what] = (counts[what] ?? 0) + 1;
    }
  }
  return counts;
}

/** Counts what the data access layer says in its log of COMMITs whose reply was lost. */
function countCommits() {
  const counts = { resolved: 0 };
  const note = (line: unknown): void => {
    const { msg = '' } = (line ?? {}) as { msg?: string };
    counts.resolved += Number(msg === 'the reply to a COMMIT was lost, and its outcome found out');
  };
  return {
    start: (): void => {
      Logger.overrideLogger({ log: note, error: note, warn: note, debug: note });
    },
    stop: (): void => {
      Logger.overrideLogger(false);
    },
    get resolved(): number {
      return counts.resolved;
    },
  };
}
