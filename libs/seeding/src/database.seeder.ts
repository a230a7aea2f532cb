import { Injectable } from '@nestjs/common';
import { CarryOutOperations } from '@tenantry/application';
import {
  type Tenant,
  TenantOperationRepository,
  TenantRepository,
  type TenantStatus,
  Unavailable,
} from '@tenantry/domain';
import {
  mostFailures,
  planWaves,
  RunLocks,
  SeedLedger,
  type SeededTarget,
  select,
  TenantContext,
  TransactionalService,
} from '@tenantry/persistence';
import { allPages } from './all-pages.ts';
import type { BaseSeeder } from './base.seeder.ts';
import { planDue } from './due-tenants.ts';
import { SeedGuard } from './seed-guard.ts';
import type { SeedOptions, SeedRehearsal, SeedReport } from './seed-run.ts';
import { CATALOG_TARGET, SeederApplication, type SeederOutcome } from './seeder-application.ts';
import { inOrder } from './seeder-order.ts';
import { Seeders } from './seeders.ts';
import { TenantRun, type TenantWork } from './tenant-run.ts';

const OPERATOR_REASON = 'seed the database';
const THE_SEEDS = 'the seeds';
const SEEDABLE: readonly TenantStatus[] = ['active', 'suspended'];

/** A seeder was named that there is not. */
export class UnknownSeeder extends Error {
  override readonly name = 'UnknownSeeder';
}

/**
 * Seeds the catalog, then each tenant, with all seeders of a profile in the order of their dependencies. What the ledger says is
 * there already is skipped.
 */
@Injectable()
export class DatabaseSeeder {
  constructor(
    private readonly installed: Seeders,
    private readonly guard: SeedGuard,
    private readonly locks: RunLocks,
    private readonly application: SeederApplication,
    private readonly context: TenantContext,
    private readonly transactional: TransactionalService,
    private readonly tenants: TenantRepository,
    private readonly operations: TenantOperationRepository,
    private readonly carryOut: CarryOutOperations,
  ) {}

  /**
   * A tenant that fails does not keep the others from being seeded.
   * @throws {SeedingRefused} before anything is done
   * @throws {SeedersUnordered} before anything is done
   * @throws {UnknownSeeder} before anything is done
   * @throws {UnknownPlacement} for a tenant that there is not
   * @throws {LockTaken} while another run is under way
   */
  async run(options: SeedOptions): Promise<SeedReport> {
    const { profile, observe = () => undefined } = options;
    const seeders = this.chosen(options);
    await this.guard.mustAllow(options, options.production, options);
    return this.locks.hold(THE_SEEDS, async (lost) => {
      observe({ type: 'run', profile });
      if (options.fresh) {
        await this.truncate(seeders, options);
      }
      const catalog = await this.seedCatalog(seeders, options);
      observe({ type: 'catalog', seeders: catalog });
      const { due, items, unchanged } = planDue(
        await this.worksOf(seeders, options),
        await this.seeded(),
        options,
      );
      const waves = planWaves(due, options);
      observe({
        type: 'waves',
        waves: waves.map(({ name, targets }) => ({ name, tenants: targets.length })),
        items,
        unchanged,
      });
      const run = new TenantRun(options.concurrency, this.application, options, (outcome) => {
        observe({ type: 'tenant', outcome });
      });
      run.stopOn(lost, 'lock-lost');
      if (options.signal) {
        run.stopOn(options.signal, 'interrupted');
      }
      const outcomes = await run.through(waves, mostFailures(options, waves));
      return { profile, catalog, tenants: outcomes, unchanged, stopped: run.stopped };
    });
  }

  /**
   * What {@link run} would do. Each target is seeded in a transaction that is rolled back; tenants that would be made are
   * not there for that, and get all that there is for them.
   * @throws as {@link run}
   */
  async rehearse(options: SeedOptions): Promise<readonly SeedRehearsal[]> {
    const seeders = this.chosen(options);
    await this.guard.mustAllow(options, options.production, options);
    const { ofCatalog, ofTenants, made } = partsOf(seeders, options);
    const removed = (all: readonly BaseSeeder[]) => (options.fresh ? all : []);
    const rehearsals: SeedRehearsal[] = [
      {
        target: CATALOG_TARGET,
        seeders: await this.application.rehearse(
          ofCatalog,
          CATALOG_TARGET,
          options,
          removed(ofCatalog),
        ),
      },
    ];
    const works = await this.worksOf(seeders, options);
    for (const { name: target, tenant, seeders: some } of works) {
      const before = made.has(target) ? removed(ofTenants) : [];
      rehearsals.push({
        target,
        seeders: await this.application.rehearse(some, tenant, options, before),
      });
    }
    const known = new Set(works.map(({ name }) => name));
    const missing = [...made].filter((slug) => ofCatalog.length > 0 && !known.has(slug));
    return [
      ...rehearsals,
      ...missing.map((target) => ({ target, seeders: allNew(ofTenants, target) })),
    ].filter(({ seeders: some }) => some.length > 0);
  }

  /** Those of the run, in their order. */
  private chosen({ profile, seeders = [], only }: SeedOptions): readonly BaseSeeder[] {
    const all = inOrder([...this.installed.all, ...seeders]);
    const ofProfile = all.filter(({ profiles }) => profiles.includes(profile));
    return only ? withDependencies(only, ofProfile, all) : ofProfile;
  }

  private async seedCatalog(
    seeders: readonly BaseSeeder[],
    options: SeedOptions,
  ): Promise<readonly SeederOutcome[]> {
    const outcomes: SeederOutcome[] = [];
    for (const seeder of partsOf(seeders, options).ofCatalog) {
      outcomes.push(await this.application.apply(seeder, CATALOG_TARGET, options));
      // Though they were registered before: it may have been interrupted then.
      await this.provision(seeder.tenants);
    }
    return outcomes;
  }

  /** Completes tenants that are registered. That makes schemas, so each is a whole of its own. */
  private async provision(slugs: readonly string[]): Promise<void> {
    const wanted = new Set(slugs);
    await this.context.runAsOperator(OPERATOR_REASON, async () => {
      for (const { id, tenant } of wanted.size > 0 ? await this.operations.open() : []) {
        if (wanted.has(tenant.slug) && tenant.status === 'provisioning') {
          const { status, error } = await this.carryOut.now(id);
          if (status !== 'done') {
            throw new Unavailable(
              'tenant-not-made',
              `The tenant ${tenant.slug} could not be made: ${error ?? ''}`,
            );
          }
        }
      }
    });
  }

  /**
   * Those of all tenants that are asked for.
   * @throws {UnknownPlacement}
   */
  private async worksOf(
    seeders: readonly BaseSeeder[],
    options: SeedOptions,
  ): Promise<readonly TenantWork[]> {
    const { ofTenants } = partsOf(seeders, options);
    const { canary = [], tenants: only } = options;
    const all = await this.context.runAsOperator(OPERATOR_REASON, () =>
      allPages<Tenant>((request) => this.tenants.page(request)),
    );
    const works = all
      .filter(({ status }) => SEEDABLE.includes(status))
      .map((tenant): TenantWork => ({
        name: tenant.slug,
        slugs: [],
        tenant,
        seeders: ofTenants.filter((seeder) => seeder.size(tenant.slug) > 0),
      }));
    return select(works, { canary, ...(only && { only }) });
  }

  private seeded(): Promise<ReadonlyMap<string, SeededTarget>> {
    return this.context.runAsOperator(OPERATOR_REASON, () =>
      this.transactional.run((transaction) => new SeedLedger(transaction).readAll()),
    );
  }

  private async truncate(seeders: readonly BaseSeeder[], options: SeedOptions): Promise<void> {
    const { ofCatalog, ofTenants, made } = partsOf(seeders, options);
    for (const { name, tenant } of await this.worksOf(seeders, options)) {
      if (made.has(name)) {
        await this.application.truncate(ofTenants, tenant);
      }
    }
    await this.application.truncate(ofCatalog, CATALOG_TARGET);
  }
}

interface Parts {
  /** None where tenants are named: then it is about them alone. */
  readonly ofCatalog: readonly BaseSeeder[];
  readonly ofTenants: readonly BaseSeeder[];
  /** The slugs of the tenants that the profile makes. */
  readonly made: ReadonlySet<string>;
}

function partsOf(seeders: readonly BaseSeeder[], { tenants }: SeedOptions): Parts {
  return {
    ofCatalog: tenants ? [] : seeders.filter(({ scope }) => scope === 'catalog'),
    ofTenants: seeders.filter(({ scope }) => scope === 'tenant'),
    made: new Set(seeders.flatMap((seeder) => seeder.tenants)),
  };
}

function allNew(seeders: readonly BaseSeeder[], slug: string): readonly SeederOutcome[] {
  return seeders
    .filter((seeder) => seeder.size(slug) > 0)
    .map((seeder) => ({
      seeder: seeder.name,
      counts: { inserted: seeder.size(slug), updated: 0, unchanged: 0, kept: 0 },
    }));
}

/** @throws {UnknownSeeder} */
function withDependencies(
  names: readonly string[],
  ofProfile: readonly BaseSeeder[],
  all: readonly BaseSeeder[],
): readonly BaseSeeder[] {
  const wanted = new Set<string>();
  const want = (name: string): void => {
    wanted.add(name);
    all.find((seeder) => seeder.name === name)?.dependsOn.forEach(want);
  };
  for (const name of names) {
    if (!ofProfile.some((seeder) => seeder.name === name)) {
      const known = ofProfile.map((seeder) => seeder.name).join(', ');
      throw new UnknownSeeder(`There is no seeder ${name} in the profile; there is ${known}.`);
    }
    want(name);
  }
  return all.filter(({ name }) => wanted.has(name));
}
