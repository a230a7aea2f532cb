import { setTimeout as sleep } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import { Test } from '@nestjs/testing';
import { createTestDatabase } from '@tenantry/embedded-postgres';
import {
  PersistenceModule,
  readPoolStatistics,
  TenantContext,
  withFleet,
} from '@tenantry/persistence';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import { HealthModule, type HealthOptions } from '../health.module.ts';
import { Readiness } from '../readiness/readiness.ts';
import { HealthReport } from '../report/health-report.ts';
import { type Observation, Sampler } from '../report/sampler.ts';
import { Startup } from '../startup.ts';

/** A database of the spec's own, migrated, with the health of a process of the app that is connected to it. */
export async function startHealth(
  variables: Record<string, string> = {},
  options: HealthOptions = {},
) {
  const database = await createTestDatabase((address) =>
    withFleet(readMigratorConfig({ ...address }), async (fleet) => {
      await fleet.migrate();
    }),
  );
  const config = readMigratorConfig({ ...database.address, ...variables });
  const health = await connectHealth(config, options);
  return {
    ...health,
    stop: async (): Promise<void> => {
      await health.stop();
      await database.drop();
    },
  };
}

export type Health = Awaited<ReturnType<typeof startHealth>>;

/** On a database that is there. Samples are taken when the spec says so. */
export async function connectHealth(config: MigratorConfig, options: HealthOptions = {}) {
  const module = await Test.createTestingModule({
    imports: [
      PersistenceModule.forRoot(config.database),
      HealthModule.forRoot(config, { takesSamples: false, ...options }),
    ],
  }).compile();
  const orm: MikroORM = module.get(MikroORM);
  const sampler = module.get(Sampler);
  return {
    config,
    module,
    orm,
    sampler,
    readiness: module.get(Readiness),
    report: module.get(HealthReport),
    startup: module.get(Startup),
    context: module.get(TenantContext),
    pool: () => readPoolStatistics(orm),
    /** What all indicators see now, by the names of readings. */
    observe: async (): Promise<Readonly<Record<string, Observation>>> => {
      await sampler.pass(() => true);
      const all = Object.values(sampler.observations()).flat();
      return Object.fromEntries(all.map((each) => [each.name, each]));
    },
    administer: (sql: string) => administer(config.ownerUrl, sql),
    /** What the server has of this database: sessions of the probes. */
    probes: () =>
      administer(
        config.ownerUrl,
        `select application_name as name, state from pg_stat_activity
         where datname = current_database() and application_name like 'tenantry probe%' order by 1`,
      ),
    stop: () => module.close(),
  };
}

/** As the owner of the server would. */
export async function administer(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A session that stays open, as somebody else's. */
export async function session(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** @returns after how many milliseconds it came about */
export async function until(holds: () => Promise<boolean>, patienceMs = 10_000): Promise<number> {
  const start = Date.now();
  while (!(await holds())) {
    if (Date.now() > start + patienceMs) {
      throw new Error(`It did not come about within ${patienceMs} ms.`);
    }
    await sleep(50);
  }
  return Date.now() - start;
}
