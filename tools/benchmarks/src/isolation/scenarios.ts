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
  readonly writes: boolean;
  /** Does it, and looks whether the answer is right. */
  run(subject: Subject, turn: Turn): Promise<void>;
}

export const scenarios = {
  flatRead: {
    title: 'flat read',
    writes: false,
    run: async (subject, turn) => {
      mustBe(turn, [await subject.flatRead(turn.tenant, turn.id)], 1);
    },
  },
  readByKey: {
    title: 'read by key',
    writes: false,
    run: async (subject, turn) => {
      mustBe(turn, [await subject.readByKey(turn.tenant, turn.id)], 1);
    },
  },
  page: {
    title: `list of ${PAGE}`,
    writes: false,
    run: async (subject, turn) => {
      mustBe(turn, await subject.page(turn.tenant, PAGE), PAGE);
    },
  },
  search: {
    title: 'search',
    writes: false,
    run: async (subject, turn) => {
      mustBe(turn, await subject.search(turn.tenant, WORD, FOUND), FOUND);
    },
  },
  insert: {
    title: 'insert',
    writes: true,
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
    writes: true,
    run: async (subject, { tenant, id, number }) => {
      await subject.update(tenant, { id, name: `${tenant.slug} changed ${number}` });
    },
  },
  unitOfWork: {
    title: 'unit of work of 5 statements',
    writes: true,
    run: async (subject, { tenant, id, number }) => {
      const name = `${tenant.slug} worked ${number}`;
      await subject.unitOfWork(tenant, { id, name, projectName: `${name} ${WORD}` });
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
