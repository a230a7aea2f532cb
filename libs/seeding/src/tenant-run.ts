import type { Tenant } from '@tenantry/domain';
import { explanationOf, WaveRun } from '@tenantry/persistence';
import type { BaseSeeder } from './base.seeder.ts';
import type { ApplyOptions, SeederApplication, SeederOutcome } from './seeder-application.ts';

/** A tenant, and the seeders that are to be applied to it, in their order. */
export interface TenantWork {
  /** Its slug. */
  readonly name: string;
  readonly slugs: readonly string[];
  readonly tenant: Tenant;
  readonly seeders: readonly BaseSeeder[];
}

/** What became of one tenant in a run. */
export type TenantOutcome = {
  readonly target: string;
  /** Those that have been applied; each is stored as a whole. */
  readonly seeders: readonly SeederOutcome[];
  readonly durationMs: number;
} & (
  | { readonly status: 'seeded' | 'not-reached' }
  | { readonly status: 'failed'; readonly seeder: string; readonly reason: string }
);

/** Seeds tenants, many at once, and says of each what became of it. */
export class TenantRun extends WaveRun<TenantWork, TenantOutcome> {
  constructor(
    concurrency: number,
    private readonly application: SeederApplication,
    private readonly options: ApplyOptions,
    private readonly observe: (outcome: TenantOutcome) => void,
  ) {
    super(concurrency);
  }

  override async perform(work: TenantWork): Promise<TenantOutcome> {
    const outcome = await super.perform(work);
    this.observe(outcome);
    return outcome;
  }

  protected override outcomeOf(work: TenantWork): Promise<TenantOutcome> {
    return this.limit.execute(() => this.seed(work));
  }

  private async seed({ name, tenant, seeders }: TenantWork): Promise<TenantOutcome> {
    const start = performance.now();
    const applied: SeederOutcome[] = [];
    const outcome = () => ({
      target: name,
      seeders: applied,
      durationMs: Math.round(performance.now() - start),
    });
    for (const seeder of seeders) {
      if (this.stopSignal.aborted) {
        return { ...outcome(), status: 'not-reached' };
      }
      try {
        applied.push(await this.application.apply(seeder, tenant, this.options));
      } catch (error) {
        const reason = explanationOf(error);
        return { ...outcome(), status: 'failed', seeder: seeder.name, reason };
      }
    }
    return { ...outcome(), status: 'seeded' };
  }
}
