import type { PlacedTenant } from '@tenantry/persistence';

/** In the order in which reports have them: two floors, then what keeps tenants apart. */
export const SUBJECTS = [
  'raw pg, not isolated',
  'MikroORM, not isolated',
  'raw pg',
  'Tenantry',
  'MikroORM',
  'Prisma',
  'Drizzle',
  'TypeORM',
] as const;
export type SubjectName = (typeof SUBJECTS)[number];

/** What is compared of a row that was read. Subjects give what they have read: all columns of it. */
export interface Row {
  readonly id: string;
  readonly name: string;
}

interface NewMember extends Row {
  readonly email: string;
}

/** Changes to one member, and to one project that has a task with the number 1, by the same id. */
interface Change extends Row {
  /** Of the project. */
  readonly projectName: string;
}

/**
 * One way to work with the tables, as its documentation has it. Every statement has the tenant in its condition, as an index
 * wants it, whether row security adds that or not.
 */
export interface Subject {
  readonly name: SubjectName;
  /** Whether row security binds it; the others are floors, which no product can be. */
  readonly isolated: boolean;
  /** How many members there are for whoever forgets to say of which tenant. */
  countUnfiltered(tenant: PlacedTenant): Promise<number>;
  /** A member as a plain row, by SQL of one's own. */
  flatRead(tenant: PlacedTenant, id: string): Promise<Row | undefined>;
  readByKey(tenant: PlacedTenant, id: string): Promise<Row | null | undefined>;
  /** One more than `size` members in the order of their ids, which says whether there is a next page, and gives `size`. */
  page(tenant: PlacedTenant, size: number): Promise<readonly Row[]>;
  /** The same of projects that are not archived and have a word. */
  search(tenant: PlacedTenant, word: string, size: number): Promise<readonly Row[]>;
  insert(tenant: PlacedTenant, member: NewMember): Promise<void>;
  /** Reads a member, changes its name, stores it: in one transaction. */
  update(tenant: PlacedTenant, member: Row): Promise<void>;
  /** Reads a project, a member and the project's task, and changes the project, by its version, and the member: in one transaction. */
  unitOfWork(tenant: PlacedTenant, change: Change): Promise<void>;
  end(): Promise<void>;
}

/** Where a subject connects to, and by how many connections. */
export interface Place {
  /** The app's login, which row security binds and which can do nothing before it has set a role. */
  readonly appUrl: string;
  /** A login that row security does not bind, with its search path. */
  readonly floorUrl: string;
  readonly connections: number;
  /** Of the placement, for those that have to know it when they connect. */
  readonly schema: string;
}

/** @throws {Error} when what was read or changed is not there: nobody is to be fast by doing less */
export function there<Found>(found: Found | null | undefined | false): Found {
  if (found === undefined || found === null || found === false) {
    throw new Error('What was to be read or changed is not there.');
  }
  return found;
}
