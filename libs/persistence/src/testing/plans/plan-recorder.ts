import type { MikroORM } from '@mikro-orm/postgresql';
import type pg from 'pg';
import type { SupervisedConnection } from '../../connection/supervised-connection.ts';
import type { Persistence } from '../persistence-harness.ts';
import type { PlanNode } from './plan.ts';

/** A statement with the plan by which it was carried out. */
export interface ExplainedStatement {
  readonly text: string;
  readonly plan: PlanNode;
}

/** The server explains whatever it carries out, also what foreign keys ask for, and says so to whoever has sent it. */
const SETTINGS = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_verbose': 'on',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_format': 'json',
  'auto_explain.log_level': 'notice',
};

/** The server explains to the app and to the owner from now on, on new connections to this database. */
export async function explainAll({ asOwner, config }: Persistence): Promise<void> {
  const name = new URL(config.ownerUrl).pathname.slice(1);
  const urls = [config.database.url, config.ownerUrl];
  for (const login of new Set(urls.map((url) => new URL(url).username))) {
    for (const [setting, value] of Object.entries(SETTINGS)) {
      await asOwner(`alter role "${login}" in database "${name}" set ${setting} = '${value}'`);
    }
  }
}

/** Takes down what is sent by way of some ORMs, with its plan. */
export class PlanRecorder {
  private readonly clients = new WeakSet<pg.PoolClient>();
  private explained: ExplainedStatement[] = [];

  static async of(...orms: readonly Pick<MikroORM, 'driver'>[]): Promise<PlanRecorder> {
    const recorder = new PlanRecorder();
    for (const orm of orms) {
      const pool = await (orm.driver.getConnection() as SupervisedConnection).getNativeClient();
      pool.on('acquire', (client) => {
        recorder.listenTo(client);
      });
    }
    return recorder;
  }

  /** @param work whole transactions: the plan of a query comes with what follows it, at the latest with COMMIT */
  async during(work: () => Promise<unknown>): Promise<readonly ExplainedStatement[]> {
    this.explained = [];
    await work();
    return this.explained;
  }

  private listenTo(client: pg.PoolClient): void {
    if (this.clients.has(client)) {
      return;
    }
    this.clients.add(client);
    client.on('notice', ({ message = '' }) => {
      const plan = /^duration: .* plan:\n(.*)$/s.exec(message)?.[1];
      if (plan !== undefined) {
        const { 'Query Text': text, Plan } = JSON.parse(plan) as Explanation;
        this.explained.push({ text, plan: Plan });
      }
    });
  }
}

interface Explanation {
  readonly 'Query Text': string;
  readonly Plan: PlanNode;
}
