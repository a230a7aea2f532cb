import { type Id, SHARED_SCHEMA, slug } from '@tenantry/domain';
import { tenantMappings } from '../../mapping/mappings.ts';
import type { PlacedTenant } from '../../tenant-context/placed-tenant.ts';
import { acme, globex, type Persistence } from '../persistence-harness.ts';

/** Tasks of the largest tenant, and of each of the others: all in all 200,000. */
const LARGE = 40_000;
const SMALL = 2_000;
const OTHERS = 79;

/** How many tasks there are for one row of each other table. */
const TASKS_PER_PROJECT = 10;
const TASKS_PER_MEMBER = 10;
const TASKS_PER_RECORD = 4;

/** The project that has the last tenth of its tenant's tasks: 4,000 of the large one. */
const LARGE_PROJECT = 20;
/** Whether the `n`th task is one of them. */
const IN_LARGE_PROJECT = 'n > tasks * 9 / 10';

const others = Array.from({ length: OTHERS }, (_, n): PlacedTenant => ({
  id: `0190ffff-0000-7000-8000-${n.toString(16).padStart(12, '0')}` as PlacedTenant['id'],
  slug: slug(`other-${n}`),
  schema: SHARED_SCHEMA,
}));

/** The large one, and one of the small ones. */
export const large = acme;
export const small = globex;

/** The `n`th row's id, in every table and for every tenant. */
export function idOf<Name extends string>(n: number): Id<Name> {
  return `01900000-0000-7000-8000-${n.toString(16).padStart(12, '0')}` as Id<Name>;
}

/** The one that has far more tasks than any other of its tenant. */
export const largeProject = idOf<'Project'>(LARGE_PROJECT);

/**
 * Fills the shared placement with what a year of some tenants may be: their ids collide, their rows lie mixed, and old ones
 * of what units of work leave behind are still there.
 */
export async function fillSharedPlacement({
  asOwner,
}: Pick<Persistence, 'asOwner'>): Promise<void> {
  await asOwner(`create table public.tenant_size (tenant_id uuid, tasks int)`);
  for (const [{ id }, tasks] of sizes()) {
    await asOwner('insert into public.tenant_size values (?, ?)', [id, tasks]);
  }
  // Foreign keys hold by how the rows are made; to check each of them would take as long as all the rest.
  await asOwner(
    `set session_replication_role = replica; ${rows().join(';\n')}; drop table public.tenant_size`,
  );
  const tables = tenantMappings.map(({ meta }) => `${SHARED_SCHEMA}.${meta.tableName}`);
  await asOwner(`vacuum (analyze) ${tables.join(', ')}`);
}

function sizes(): readonly (readonly [PlacedTenant, number])[] {
  return [[large, LARGE], [small, SMALL], ...others.map((tenant) => [tenant, SMALL] as const)];
}

/** What `idOf` gives, in SQL. */
const ID = (n: string): string =>
  `('01900000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;

/** Numbered for each tenant, in the order of their numbers: those of one tenant lie between those of the others. */
const from = (share: number): string =>
  `from public.tenant_size, generate_series(1, tasks / ${share}) as n order by n, tenant_id`;

function rows(): readonly string[] {
  return [
    `insert into shared.member select tenant_id, ${ID('n')}, now(), now(), 'member' || n || '@example.com', 'Member ' || n,
       'member' || n || '@example.com'
     ${from(TASKS_PER_MEMBER)}`,
    `insert into shared.project select tenant_id, ${ID('n')}, now(), now(), 'P' || n, 'Project ' || n,
       case when n % 50 = 0 then 'rare' else 'common' end || ' words', (array['active', 'on-hold', 'completed'])[1 + n % 3],
       case when n % 10 = 0 then now() end, '{}', 1, ${TASKS_PER_PROJECT}, 5
     ${from(TASKS_PER_PROJECT)}`,
    `insert into shared.task select tenant_id, ${ID('n')}, now(), now(),
       case when ${IN_LARGE_PROJECT} then ${ID(`${LARGE_PROJECT}`)} else ${ID(`1 + (n - 1) / ${TASKS_PER_PROJECT}`)} end,
       case when ${IN_LARGE_PROJECT} then n else 1 + (n - 1) % ${TASKS_PER_PROJECT} end, case when n % 50 = 0 then 'rare' else 'common' end || ' task ' || n,
       (array['open', 'in-progress', 'done'])[1 + n % 3],
       case when n % 2 = 0 then ${ID(`1 + n % (tasks / ${TASKS_PER_MEMBER})`)} end,
       array['label' || n % 100, 'usual']
     ${from(1)}`,
    // Delivered long ago, delivered of late, due, waiting for the one before, parked.
    `insert into shared.outbox_event (tenant_id, id, name, aggregate_id, data, occurred_at, attempts, due_at, delivered_at, parked_at, created_at)
     select tenant_id, ${ID('n')}, 'project.started', ${ID('1 + n / 5')}, '{}', now(), 1,
       case when n % 100 = 1 then now() end, case when n % 100 > 3 then now() - n % 10 * interval '1 day' end,
       case when n % 100 = 3 then now() end, now() - n % 10 * interval '1 day'
     ${from(TASKS_PER_RECORD)}`,
    `insert into shared.commit_marker select tenant_id, ${ID('n')}, false, now() - n % 48 * interval '1 hour'
     ${from(TASKS_PER_RECORD)}`,
    `insert into shared.idempotency_key select tenant_id, ${ID('n')}, 'key ' || n, 'fingerprint', '{}', now() - n % 48 * interval '1 hour'
     ${from(TASKS_PER_RECORD)}`,
  ];
}
