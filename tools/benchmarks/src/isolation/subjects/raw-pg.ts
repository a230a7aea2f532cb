import type { PlacedTenant } from '@tenantry/persistence';
import pg from 'pg';
import { ENTER, settingsOf } from '../recipe.ts';
import { type Place, type Row, type Subject, there } from '../subject.ts';

type Work<Result> = (client: Pick<pg.Pool, 'query'>) => Promise<Result>;
/** How a piece of work gets a connection: `read` for a single statement, `write` for several that are one transaction. */
interface Ways {
  readonly read: Way;
  readonly write: Way;
}
type Way = <Result>(tenant: PlacedTenant, work: Work<Result>) => Promise<Result>;

/** All but the search vector, which no mapping loads. */
const PROJECT =
  'select tenant_id, id, created_at, updated_at, key, name, description, status, archived_at, settings, version, last_task_number, open_task_count from project';
const MEMBER = 'select * from member where tenant_id = $1 and id = $2';
const RENAME = 'update member set name = $3, updated_at = now() where tenant_id = $1 and id = $2';

/** The floor: statements and nothing else. */
export function rawFloor({ floorUrl, connections }: Place): Subject {
  const pool = new pg.Pool({ connectionString: floorUrl, max: connections });
  return rawSubject('raw pg, not isolated', false, pool, {
    read: (_tenant, work) => work(pool),
    write: (_tenant, work) => inTransaction(pool, work),
  });
}

/** Transactions that enter the tenant first. */
export function rawRecipe({ appUrl, connections }: Place): Subject {
  const pool = new pg.Pool({ connectionString: appUrl, max: connections });
  const enter: Way = (tenant, work) =>
    inTransaction(pool, async (client) => {
      await client.query(ENTER, settingsOf(tenant));
      return work(client);
    });
  return rawSubject('raw pg', true, pool, { read: enter, write: enter });
}

async function inTransaction<Result>(pool: pg.Pool, work: Work<Result>): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

function rawSubject(
  name: Subject['name'],
  isolated: boolean,
  pool: pg.Pool,
  { read, write }: Ways,
): Subject {
  const one = async (tenant: PlacedTenant, id: string): Promise<Row | undefined> => {
    const { rows } = await read(tenant, (client) => client.query<Row>(MEMBER, [tenant.id, id]));
    return rows[0];
  };
  return {
    name,
    isolated,
    countUnfiltered: async (tenant) => {
      const { rows } = await read(tenant, (client) =>
        client.query<{ count: string }>('select count(*) from member'),
      );
      return Number(there(rows[0]).count);
    },
    flatRead: one,
    readByKey: one,
    page: async (tenant, size) => {
      const { rows } = await read(tenant, (client) =>
        client.query<Row>('select * from member where tenant_id = $1 order by id limit $2', [
          tenant.id,
          size + 1,
        ]),
      );
      return rows.slice(0, size);
    },
    search: async (tenant, word, size) => {
      const { rows } = await read(tenant, (client) =>
        client.query<Row>(
          `${PROJECT} where tenant_id = $1 and archived_at is null
           and search @@ plainto_tsquery('simple', $2) order by id limit $3`,
          [tenant.id, word, size + 1],
        ),
      );
      return rows.slice(0, size);
    },
    insert: async (tenant, member) => {
      await read(tenant, (client) =>
        client.query(
          'insert into member (tenant_id, id, created_at, updated_at, email, name) values ($1, $2, now(), now(), $3, $4)',
          [tenant.id, member.id, member.email, member.name],
        ),
      );
    },
    update: (tenant, { id, name: renamed }) =>
      write(tenant, async (client) => {
        const { rows } = await client.query<Row>(MEMBER, [tenant.id, id]);
        there(rows[0]);
        await client.query(RENAME, [tenant.id, id, renamed]);
      }),
    unitOfWork: (tenant, { id, name: renamed, projectName }) =>
      write(tenant, async (client) => {
        const { rows } = await client.query<{ version: number }>(
          `${PROJECT} where tenant_id = $1 and id = $2`,
          [tenant.id, id],
        );
        const { version } = there(rows[0]);
        await client.query(MEMBER, [tenant.id, id]);
        await client.query(
          'select tenant_id, id, created_at, updated_at, project_id, number, title, status, assignee_id, labels from task where tenant_id = $1 and project_id = $2 and number = 1',
          [tenant.id, id],
        );
        const { rowCount } = await client.query(
          `update project set name = $4, version = version + 1, updated_at = now()
           where tenant_id = $1 and id = $2 and version = $3`,
          [tenant.id, id, version, projectName],
        );
        there(rowCount === 1);
        await client.query(RENAME, [tenant.id, id, renamed]);
      }),
    end: () => pool.end(),
  };
}
