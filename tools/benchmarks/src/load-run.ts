import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PersistenceModule, ProvisioningModule, withFleet } from '@tenantry/persistence';
import type { MigratorConfig } from '@tenantry/platform';
import {
  DatabaseSeeder,
  type LoadOptions,
  LoadSeeders,
  NewTenantSeeding,
  type SeedEvent,
  SeedingModule,
} from '@tenantry/seeding';
import { say, timed } from './database.ts';

const MIB = 2 ** 20;
const MARKS = [0, 0.1, 0.25, 0.5, 0.75, 1];

/** What a load took, all of it through `DatabaseSeeder`. */
export interface LoadRun {
  /** Tenants, with the placements of those that have one of their own. */
  readonly tenantsMs: number;
  /** Rows, and with them for each tenant its inbox and the ledger. */
  readonly rowsMs: number;
  /** The same run once more, when all is there. */
  readonly againMs: number;
  /** Of this process, when so much of the rows was there. */
  readonly memory: readonly { readonly share: number; readonly rssMiB: number }[];
  /** The most that this process has had in all. */
  readonly peakMiB: number;
}

@Module({})
class LoadModule {}

/** Migrates a database that is empty, and loads it. @throws {Error} when a tenant was not seeded */
export async function runLoad(
  config: MigratorConfig,
  options: LoadOptions,
  concurrency: number,
): Promise<LoadRun> {
  await withFleet(config, (fleet) => fleet.migrate());
  const application = await NestFactory.createApplicationContext(
    {
      module: LoadModule,
      imports: [
        PersistenceModule.forRoot(config.database),
        ProvisioningModule.forRoot(config, NewTenantSeeding),
        SeedingModule.forRoot(),
      ],
    },
    { logger: ['error'] },
  );
  const seed = (observe: (event: SeedEvent) => void): Promise<void> =>
    seedAll(application.get(DatabaseSeeder), {
      profile: 'load',
      production: false,
      concurrency,
      seeders: application.get(LoadSeeders).of(options),
      observe,
    });
  try {
    const start = performance.now();
    let rowsStart = start;
    const memory = new MemoryMarks(options.rows);
    await seed((event) => {
      if (event.type === 'waves') {
        rowsStart = performance.now();
        memory.add(0);
      } else if (event.type === 'tenant') {
        memory.add(rowsIn(event));
      }
    });
    const end = performance.now();
    const againMs = await timed(() => seed(() => undefined));
    return {
      tenantsMs: rowsStart - start,
      rowsMs: end - rowsStart,
      againMs,
      memory: memory.marks,
      peakMiB: process.resourceUsage().maxRSS / 1024,
    };
  } finally {
    await application.close();
  }
}

async function seedAll(
  seeder: DatabaseSeeder,
  options: Parameters<DatabaseSeeder['run']>[0],
): Promise<void> {
  const { tenants } = await seeder.run(options);
  const failed = tenants.find(({ status }) => status !== 'seeded');
  if (failed) {
    throw new Error(`Not seeded: ${JSON.stringify(failed)}`);
  }
}

/** Rows of the load, without what the profile `reference` adds. */
function rowsIn({ outcome }: Extract<SeedEvent, { type: 'tenant' }>): number {
  const { counts } = outcome.seeders.find(({ seeder }) => seeder === 'load.rows') ?? {};
  return counts?.inserted ?? 0;
}

/** How much memory there is at shares of the work. */
class MemoryMarks {
  readonly marks: { share: number; rssMiB: number }[] = [];
  private done = 0;

  constructor(private readonly whole: number) {}

  add(rows: number): void {
    this.done += rows;
    for (const share of MARKS.slice(this.marks.length)) {
      if (this.done < share * this.whole) {
        return;
      }
      const rssMiB = process.memoryUsage.rss() / MIB;
      this.marks.push({ share, rssMiB });
      say(`${Math.round(share * 100)} %: ${rssMiB.toFixed(0)} MiB`);
    }
  }
}
