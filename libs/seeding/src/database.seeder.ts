import { Injectable } from '@nestjs/common';
import { CarryOutOperations } from '@tenantry/application';
import {
  type Page,
  type Tenant,
  type TenantId,
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
  type StopReason,
  TenantContext,
  TransactionalService,
  type WaveOptions,
} from '@tenantry/persistence';
import type { BaseSeeder, SeedRunProfile } from './base.seeder.ts';
import { type ProductionConsent, SeedGuard } from './seed-guard.ts';
import {
  type ApplyOptions,
  CATALOG_TARGET,
  isCurrent,
  SeederApplication,
  type SeederOutcome,
} from './seeder-application.ts';
import { inOrder } from './seeder-order.ts';
import { Seeders } from './seeders.ts';
import { type TenantOutcome, TenantRun, type TenantWork } from './tenant-run.ts';

const OPERATOR_REASON = 'seed the database';
const THE_SEEDS = 'the seeds';
const PAGE = 1_000;
const SEEDABLE: readonly TenantStatus[] = ['active', 'suspended'];

/** Which seeders, where to, and how. */
export interface SeedOptions
  extends ApplyOptions, ProductionConsent, Pick<WaveOptions, 'canary' | 'waves'> {
  readonly profile: SeedRunProfile;
  /** Whether this process says that it is production's. */
  readonly production: boolean;
  /** Those of one run, beside those of the installation. */
  readonly seeders?: readonly BaseSeeder[];
  /** Only these seeders, by name, and those that they depend on. */
  readonly only?: readonly string[];
  /** Only these tenants, by slug, and nothing of the catalog. */
  readonly tenants?: readonly string[];
  /** Removes what the tenants have that the profile makes, and those tenants, before all is seeded. */
  readonly fresh?: boolean;
  /** It is stopped when more tenants fail than this, or than this share of them: `3`, `5%`. */
  readonly maxFailures?: number | `${number}%`;
  /** How many tenants at once. */
  readonly concurrency: number;
  /** Ends the run: what is under way is finished, and nothing else is begun. */
  readonly signal?: AbortSignal;
  /** Is told what happens, as it happens. */
  readonly observe?: (event: SeedEvent) => void;
}

/** What happens in a run, as it happens. */
export type SeedEvent =
  | { readonly type: 'run'; readonly profile: SeedRunProfile }
  | { readonly type: 'catalog'; readonly seeders: readonly SeederOutcome[] }
  | {
      readonly type: 'waves';
      readonly waves: readonly { readonly name: string; readonly tenants: number }[];
      /** How many items there are to be seeded in them. */
      readonly items: number;
      /** How many tenants have all of it already, and are skipped. */
      readonly unchanged: number;
    }
  | { readonly type: 'tenant'; readonly outcome: TenantOutcome };

/** What became of a run. */
export interface SeedReport {
  readonly profile: SeedRunProfile;
  readonly catalog: readonly SeederOutcome[];
  /** Of all tenants where something was to be done. */
  readonly tenants: readonly TenantOutcome[];
  /** How many tenants had all of it already, and were skipped. */
  readonly unchanged: number;
  readonly stopped: StopReason | null;
}

/** What a run would do in one target. */
export interface SeedRehearsal {
  readonly target: string;
  readonly seeders: readonly SeederOutcome[];
}

interface TenantsPlan {
  readonly works: readonly TenantWork[];
  /** How many items there are to be seeded. */
  readonly items: number;
  /** How many tenants have all of it already. */
  readonly unchanged: number;
  /** The slugs of all tenants that can be seeded. */
  readonly known: ReadonlySet<string>;
}

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
      const { works, items, unchanged } = await this.planTenants(seeders, options);
      const waves = planWaves(works, options);
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
    const ofCatalog = catalogSeeders(seeders, options);
    const catalog = await this.application.rehearse(ofCatalog, CATALOG_TARGET, options);
    const { works, known } = await this.planTenants(seeders, options, true);
    const rehearsals: SeedRehearsal[] = [{ target: CATALOG_TARGET, seeders: catalog }];
    for (const { name: target, tenant, seeders: some } of works) {
      const outcomes = await this.application.rehearse(some, tenant, options);
      rehearsals.push({ target, seeders: outcomes });
    }
    const missing = ofCatalog.flatMap(({ tenants }) => tenants).filter((slug) => !known.has(slug));
    return [
      ...rehearsals,
      ...missing.map((target) => ({ target, seeders: allNew(seeders, target) })),
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
    for (const seeder of catalogSeeders(seeders, options)) {
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

  /** @param all whether tenants where nothing has changed are a part of it */
  private async planTenants(
    seeders: readonly BaseSeeder[],
    options: SeedOptions,
    all = false,
  ): Promise<TenantsPlan> {
    const { tenants, seeded } = await this.context.runAsOperator(OPERATOR_REASON, async () => ({
      tenants: await this.seedableTenants(),
      seeded: await this.transactional.run((transaction) => new SeedLedger(transaction).readAll()),
    }));
    const ofTenants = seeders.filter(({ scope }) => scope === 'tenant');
    const works = tenants.map((tenant): TenantWork => ({
      name: tenant.slug,
      slugs: [],
      tenant,
      seeders: ofTenants.filter((seeder) => seeder.size(tenant.slug) > 0),
    }));
    const { canary = [], tenants: only } = options;
    const chosen = select(works, { canary, ...(only && { only }) });
    const toBeDone = chosen.filter(
      (work) =>
        all || options.force === true || options.overwrite === true || isBehind(work, seeded),
    );
    return {
      works: toBeDone,
      items: toBeDone.reduce((sum, work) => sum + itemsIn(work, options, seeded), 0),
      unchanged: chosen.length - toBeDone.length,
      known: new Set(tenants.map(({ slug }) => slug)),
    };
  }

  private async truncate(seeders: readonly BaseSeeder[], options: SeedOptions): Promise<void> {
    const ofTenants = seeders.filter(({ scope }) => scope === 'tenant');
    const made = new Set<string>(seeders.flatMap(({ tenants }) => tenants));
    const { works } = await this.planTenants(seeders, options, true);
    for (const { tenant } of works.filter(({ name }) => made.has(name))) {
      await this.application.truncate(ofTenants, tenant);
    }
    await this.application.truncate(catalogSeeders(seeders, options), CATALOG_TARGET);
  }

  /** All tenants whose placement is ready, and that are here to stay. */
  private async seedableTenants(): Promise<readonly Tenant[]> {
    const seedable: Tenant[] = [];
    let after: TenantId | null | undefined;
    while (after !== null) {
      const page: Page<Tenant> = await this.tenants.page({ after, limit: PAGE });
      seedable.push(...page.items.filter(({ status }) => SEEDABLE.includes(status)));
      after = page.next;
    }
    return seedable;
  }
}

/** Where tenants are named, it is about them alone. */
function catalogSeeders(
  seeders: readonly BaseSeeder[],
  { tenants }: SeedOptions,
): readonly BaseSeeder[] {
  return tenants ? [] : seeders.filter(({ scope }) => scope === 'catalog');
}

function isBehind(
  { tenant, seeders }: TenantWork,
  seeded: ReadonlyMap<string, SeededTarget>,
): boolean {
  const applied = seeded.get(tenant.id);
  return seeders.some((seeder) => !isCurrent(seeder, tenant.slug, applied?.get(seeder.name)));
}

/** How many there are for a tenant, but for those of seeders that are going to be skipped. */
function itemsIn(
  { name, tenant, seeders }: TenantWork,
  { force = false, overwrite = false }: SeedOptions,
  seeded: ReadonlyMap<string, SeededTarget>,
): number {
  const applied = seeded.get(tenant.id);
  return seeders
    .filter((seeder) => force || overwrite || !isCurrent(seeder, name, applied?.get(seeder.name)))
    .reduce((sum, seeder) => sum + seeder.size(name), 0);
}

function allNew(seeders: readonly BaseSeeder[], slug: string): readonly SeederOutcome[] {
  return seeders
    .filter((seeder) => seeder.scope === 'tenant' && seeder.size(slug) > 0)
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
