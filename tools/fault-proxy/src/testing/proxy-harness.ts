import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type FaultProxy, startFaultProxy } from '../fault-proxy.ts';

/** A database with the table `note`, and a proxy before its server. */
export class ProxyHarness {
  readonly database: TestDatabase;
  readonly proxy: FaultProxy;

  private constructor(database: TestDatabase, proxy: FaultProxy) {
    this.database = database;
    this.proxy = proxy;
  }

  static async start(): Promise<ProxyHarness> {
    const database = await createEmptyDatabase();
    const proxy = await startFaultProxy(targetOf(database.address.MIGRATOR_DATABASE_URL));
    const harness = new ProxyHarness(database, proxy);
    await harness.asServerSees('create table note (n int unique deferrable initially deferred)');
    return harness;
  }

  async stop(): Promise<void> {
    await this.proxy.close();
    await this.database.drop();
  }

  /** A client of the proxy. */
  connect(options: pg.ClientConfig = {}): Promise<pg.Client> {
    return connect(this.proxy.address(this.database.address).MIGRATOR_DATABASE_URL, options);
  }

  /** Rows of a query that does not go through the proxy. */
  async asServerSees(sql: string): Promise<unknown[]> {
    const client = await connect(this.database.address.MIGRATOR_DATABASE_URL);
    const { rows } = await client.query<Record<string, unknown>>(sql);
    await client.end();
    return rows;
  }

  /** The notes that have been committed. */
  async notes(): Promise<number[]> {
    const rows = (await this.asServerSees('select n from note order by n')) as { n: number }[];
    return rows.map(({ n }) => n);
  }

  /** How many sessions the server has in this database, beside the one that asks. */
  async sessions(): Promise<number> {
    const rows = await this.asServerSees(
      `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return rows.length;
  }
}

export async function connect(url: string, options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, ...options });
  // Connections are there to be broken; the query of the moment says so too.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

export function targetOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port || '5432') };
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > deadline) {
      throw new Error('It did not come about within 10 s.');
    }
    await sleep(10);
  }
}

/** What has become of it after a while in which all else would have. */
export async function afterAWhile<T>(promise: Promise<T>): Promise<T | 'nothing'> {
  return Promise.race([promise, sleep(300, 'nothing' as const)]);
}
