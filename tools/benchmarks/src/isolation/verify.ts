import type pg from 'pg';
import { say } from '../database.ts';
import { type Installation } from './installation.ts';
import { scenarioNames, scenarios, type Turn, turnOf } from './scenarios.ts';
import { connectAll } from './subjects.ts';
import type { Subject } from './subject.ts';

/** Two tenants, and a row that both have by the same id. */
const NEITHER_FIRST = 2;

/**
 * Has every subject do every scenario, and looks as the owner at what is stored then: nobody is to be fast by doing less, or
 * something else. It needs an installation in which nothing was changed yet.
 * @throws {Error} naming the subject, when it is wrong
 */
export async function verifyAll(installation: Installation): Promise<void> {
  const subjects = await connectAll(installation.shared.place);
  try {
    for (const subject of subjects) {
      await verifyIsolation(subject, installation);
    }
    for (const subject of subjects) {
      await verify(subject, installation);
      say(`${subject.name}: all answers are right`);
    }
  } finally {
    await Promise.all(subjects.map((subject) => subject.end()));
  }
}

/** What isolates shows of all members those of the tenant; what does not is the proof that the question is a good one. */
async function verifyIsolation(subject: Subject, { shared, size }: Installation): Promise<void> {
  const expected = subject.isolated ? size.rows : size.rows * size.tenants;
  for (const tenant of shared.tenants.slice(0, 2)) {
    const count = await subject.countUnfiltered(tenant);
    if (count !== expected) {
      throw new Error(`${subject.name}: ${count} members are seen instead of ${expected}.`);
    }
  }
}

async function verify(
  subject: Subject,
  { shared: { tenants }, size, database: { pool } }: Installation,
): Promise<void> {
  for (const [index] of tenants.slice(0, 2).entries()) {
    const turn = turnOf(tenants, size.rows, NEITHER_FIRST * tenants.length + index);
    const before = await stored(pool, turn);
    for (const scenario of scenarioNames) {
      try {
        await scenarios[scenario].run(subject, turn);
      } catch (error) {
        throw new Error(`${subject.name}, ${scenario}`, { cause: error });
      }
    }
    mustHaveChanged(subject, turn, before, await stored(pool, turn));
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

function mustHaveChanged(
  { name }: Subject,
  { tenant, number }: Turn,
  before: Stored,
  after: Stored,
): void {
  const expected: Stored = {
    members: before.members + 1,
    member: `${tenant.slug} worked ${number}`,
    project: `${tenant.slug} worked ${number} brakes`,
    version: before.version + 1,
    others: before.others,
  };
  for (const [key, value] of Object.entries(expected)) {
    const found = after[key as keyof Stored];
    if (found !== value) {
      throw new Error(`${name}: ${key} is ${found} instead of ${value} for ${tenant.slug}.`);
    }
  }
}
