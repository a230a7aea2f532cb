import { email, newId } from '@tenantry/domain';
import type { PlacedTenant } from '@tenantry/persistence';
import { idOf, WORD } from './installation.ts';
import type { Row, Subject } from './subject.ts';

const PAGE = 50;
const FOUND = 20;

/** The same for all subjects: whose turn it is, with which row. */
export interface Turn {
  readonly tenant: PlacedTenant;
  readonly id: string;
  /** Tells one turn from another. */
  readonly number: number;
}

/** A piece of work that is measured. */
interface Scenario {
  readonly title: string;
  /** Does it, and looks whether the answer is right. */
  run(subject: Subject, turn: Turn): Promise<void>;
}

export const scenarios = {
  flatRead: {
    title: 'flat read',
    run: async (subject, turn) => {
      mustBe(turn, [await subject.flatRead(turn.tenant, turn.id)], 1);
    },
  },
  readByKey: {
    title: 'read by key',
    run: async (subject, turn) => {
      mustBe(turn, [await subject.readByKey(turn.tenant, turn.id)], 1);
    },
  },
  page: {
    title: `list of ${PAGE}`,
    run: async (subject, turn) => {
      mustBe(turn, await subject.page(turn.tenant, PAGE), PAGE);
    },
  },
  search: {
    title: 'search',
    run: async (subject, turn) => {
      mustBe(turn, await subject.search(turn.tenant, WORD, FOUND), FOUND);
    },
  },
  insert: {
    title: 'insert',
    run: async (subject, { tenant, number }) => {
      const id = newId();
      await subject.insert(tenant, {
        id,
        name: `${tenant.slug} ${number}`,
        email: email(`${id}@example.com`),
      });
    },
  },
  update: {
    title: 'update',
    run: async (subject, turn) => {
      await subject.update(turn.tenant, { id: turn.id, name: nameAfter('update', turn) });
    },
  },
  unitOfWork: {
    title: 'unit of work of 5 statements',
    run: async (subject, turn) => {
      const name = nameAfter('unitOfWork', turn);
      const projectName = projectNameAfter(turn);
      await subject.unitOfWork(turn.tenant, { id: turn.id, name, projectName });
    },
  },
} as const satisfies Record<string, Scenario>;
export type ScenarioName = keyof typeof scenarios;
export const scenarioNames = Object.keys(scenarios) as ScenarioName[];

/** Another tenant and another row each time: clients that are under way at once have nothing to do with each other. */
export function turnOf(tenants: readonly PlacedTenant[], rows: number, number: number): Turn {
  const tenant = tenants[number % tenants.length];
  if (!tenant) {
    throw new RangeError('There are no tenants.');
  }
  // Only rows that have the word.
  const row = 2 + 2 * (Math.floor(number / tenants.length) % Math.floor(rows / 2));
  return { tenant, id: idOf(row), number };
}

/** What the member is called after a turn that changes it. */
export function nameAfter(scenario: 'update' | 'unitOfWork', { tenant, number }: Turn): string {
  return `${tenant.slug} ${scenario} ${number}`;
}

/** What the project is called after a unit of work. */
export function projectNameAfter(turn: Turn): string {
  return `${nameAfter('unitOfWork', turn)} ${WORD}`;
}

/** @throws {Error} unless they are so many, all the tenant's, and as whole as rows are */
function mustBe(
  { tenant }: Turn,
  rows: readonly (Row | null | undefined)[],
  expected: number,
): void {
  if (rows.length !== expected) {
    throw new Error(`${rows.length} rows were found instead of ${expected}.`);
  }
  for (const row of rows) {
    if (!row?.name.startsWith(`${tenant.slug} `)) {
      throw new Error(`${tenant.slug} was given ${JSON.stringify(row)}.`);
    }
  }
}
