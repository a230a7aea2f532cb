import { readMigratorConfig } from '@tenantry/platform';
import { withFleet } from '../migrations/with-fleet.ts';
import { migrationLists } from '../migrations/migration-lists.ts';
import { concurrently, migration } from './fleets.ts';

/** How long an index takes over the rows of a placement, twice: it is built in two passes. */
const ROWS = 40;
const PER_ROW_S = 0.03;

/** Runs over a fleet where one migration builds an index slowly, as a process that can be killed. */
const tenant = [
  migration('1-one', 'create table note (tenant_id uuid primary key)'),
  migration(
    '2-slow',
    `create function slow(uuid) returns uuid immutable language plpgsql as 'begin perform pg_sleep(${PER_ROW_S}); return $1; end'`,
    `insert into note select gen_random_uuid() from generate_series(1, ${ROWS})`,
  ),
  concurrently('3-indexed', 'create index concurrently note_slow_idx on note (slow(tenant_id))'),
];

const isWithIndex = process.argv.includes('--with-index');
await withFleet(
  readMigratorConfig(process.env),
  async (fleet) => {
    const { outcomes } = await fleet.migrate({
      observe: ({ type }) => {
        process.stdout.write(`${type}\n`);
      },
    });
    process.exitCode = outcomes.every(({ status }) => status !== 'failed') ? 0 : 5;
  },
  { lists: { ...migrationLists, tenant: isWithIndex ? tenant : tenant.slice(0, 2) } },
);
