import type pg from 'pg';
import { say } from '../database.ts';
import type { Installation } from './installation.ts';
import {
  nameAfter,
  projectNameAfter,
  type ScenarioName,
  scenarioNames,
  scenarios,
  type Turn,
  turnOf,
} from './scenarios.ts';
import { connectAll } from './subjects.ts';
import type { Subject } from './subject.ts';

/** Has every subject show that it does what is measured. @throws {Error} naming the subject that does not */
export async function verifyAll(installation: Installation): Promise<void> {
  const subjects = await connectAll(installation.shared.place);
  try {
    for (const subject of subjects) {
      await verify(subject, installation);
      say(`${subject.name}: all answers are right`);
    }
  } finally {
    await Promise.all(subjects.map((subject) => subject.end()));
  }
}

/**
 * Has it do every scenario for two tenants, with rows of the same ids, and looks as the owner at what is stored then: nobody is to
 * be fast by doing less, or something else.
 * @throws {Error} saying what is wrong
 */
export async function verify(subject: Subject, installation: Installation): Promise<void> {
  const { shared, size, database } = installation;
  await verifyIsolation(subject, installation);
  for (const [index, tenant] of shared.tenants.slice(0, 2).entries()) {
    const turn = turnOf(shared.tenants, size.rows, 2 * shared.tenants.length + index);
    for (const scenario of scenarioNames) {
      const before = await stored(database.pool, turn);
      try {
        await scenarios[scenario].run(subject, turn);
        mustBeStored(EXPECTED[scenario](before, turn), await stored(database.pool, turn));
      } catch (error) {
        throw new Error(`${subject.name}, ${scenario} of ${tenant.slug}: ${String(error)}`);
      }
    }
  }
}

/** What isolates shows of all members those of the tenant; what does not is the proof that the question is a good one. */
async function verifyIsolation(
  subject: Subject,
  { shared: { tenants }, database: { pool } }: Installation,
): Promise<void> {
  for (const tenant of tenants.slice(0, 2)) {
    const { rows } = await pool.query<{ own: number; all: number }>(
      'select count(*) filter (where tenant_id = $1)::int as own, count(*)::int as all from shared.member',
      [tenant.id],
    );
    const expected = subject.isolated ? rows[0]?.own : rows[0]?.all;
    const found = await subject.countUnfiltered(tenant);
    if (found !== expected) {
      throw new Error(
        `${subject.name}: ${tenant.slug} sees ${found} members instead of ${expected}.`,
      );
    }
  }
}

interface Stored {
  readonly members: number;
  readonly member: string;
  readonly project: string;
  readonly version: number;
  /** All that other tenants have. */
  readonly others: string;
}

const unchanged = (before: Stored): Stored => before;
const EXPECTED: Record<ScenarioName, (before: Stored, turn: Turn) => Stored> = {
  flatRead: unchanged,
  readByKey: unchanged,
  page: unchanged,
  search: unchanged,
  insert: (before) => ({ ...before, members: before.members + 1 }),
  update: (before, turn) => ({ ...before, member: nameAfter('update', turn) }),
  unitOfWork: (before, turn) => ({
    ...before,
    member: nameAfter('unitOfWork', turn),
    project: projectNameAfter(turn),
    version: before.version + 1,
  }),
};

function mustBeStored(expected: Stored, after: Stored): void {
  for (const [key, value] of Object.entries(expected)) {
    const found = after[key as keyof Stored];
    if (found !== value) {
      throw new Error(`${key} is ${found} instead of ${value}.`);
    }
  }
}

async function stored(pool: pg.Pool, { tenant, id }: Turn): Promise<Stored> {
  const { rows } = await pool.query<Stored>(
    `select (select count(*)::int from shared.member where tenant_id = $1) as members,
      (select name from shared.member where tenant_id = $1 and id = $2) as member,
      (select name from shared.project where tenant_id = $1 and id = $2) as project,
      (select version from shared.project where tenant_id = $1 and id = $2) as version,
      (select md5(string_agg(member::text, '' order by tenant_id, id)) from shared.member where tenant_id <> $1) ||
      (select md5(string_agg(project::text, '' order by tenant_id, id)) from shared.project where tenant_id <> $1) as others`,
    [tenant.id, id],
  );
  const [row] = rows;
  if (!row) {
    throw new Error('The owner sees nothing.');
  }
  return row;
}
