import { randomUUID } from 'node:crypto';
import type { MikroORM } from '@mikro-orm/postgresql';
import { type Finding, finding } from './finding.ts';

/** What two clients saw of a setting that the first one made for its session. */
export interface PoolerObservation {
  /** The server processes that served the first client, one transaction after another. */
  readonly backends: readonly number[];
  /** Whether the first client's setting was gone in one of them. */
  readonly lost: boolean;
  /** Whether the second client saw it. */
  readonly seenByOther: boolean;
}

const TRANSACTIONS = 5;
const SETTING = 'tenantry.probe';

/** Looks for a pooler between here and the server. It leaves nothing behind. */
export async function observePooler(orm: MikroORM): Promise<PoolerObservation> {
  const pool = await orm.driver.getConnection().getNativeClient();
  const [one, other] = await Promise.all([pool.connect(), pool.connect()]);
  const probe = randomUUID();
  const seen = async (client: typeof one): Promise<{ backend: number; value: string | null }[]> => {
    const { rows } = await client.query<{ backend: number; value: string | null }>(
      `select pg_backend_pid() as backend, current_setting('${SETTING}', true) as value`,
    );
    return rows;
  };
  try {
    await one.query(`set ${SETTING} = '${probe}'`);
    const own = [];
    const others = [];
    for (let transaction = 0; transaction < TRANSACTIONS; transaction++) {
      // At the same time, or a pooler would have no reason to hand the second client another server process.
      const [mine, theirs] = await Promise.all([seen(one), seen(other)]);
      own.push(...mine);
      others.push(...theirs, ...(await seen(other)));
    }
    return {
      backends: own.map(({ backend }) => backend),
      lost: own.some(({ value }) => value !== probe),
      seenByOther: others.some(({ value }) => value === probe),
    };
  } finally {
    await Promise.allSettled([one.query(`reset ${SETTING}`), other.query(`reset ${SETTING}`)]);
    one.release();
    other.release();
  }
}

export function checkPooler({ backends, lost, seenByOther }: PoolerObservation): Finding[] {
  const where = 'the connection of DATABASE_URL';
  if (seenByOther) {
    return [
      finding(
        'pooler',
        where,
        'goes through a pooler that shows a client what another one has set',
      ),
    ];
  }
  const pooled = lost || new Set(backends).size > 1;
  return pooled
    ? [
        finding(
          'pooler',
          where,
          'goes through a pooler in transaction mode; what Tenantry sets is local to a transaction and safe there',
          'warning',
        ),
      ]
    : [];
}
