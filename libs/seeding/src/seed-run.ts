import type { StopReason, WaveOptions } from '@tenantry/persistence';
import type { BaseSeeder, SeedRunProfile } from './base.seeder.ts';
import type { ProductionConsent } from './seed-guard.ts';
import type { ApplyOptions, SeederOutcome } from './seeder-application.ts';
import type { TenantOutcome } from './tenant-run.ts';

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
