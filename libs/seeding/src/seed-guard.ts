import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { readInstallation, TenantContext } from '@tenantry/persistence';
import type { SeedRunProfile } from './base.seeder.ts';

/** What someone says who means to do in production what is refused there. Both are needed, and neither is a variable. */
export interface ProductionConsent {
  readonly allowProduction?: boolean;
  /** The name of the database, as it was typed. */
  readonly database?: string;
}

/** What may be harmful about a run. */
export interface SeedIntent {
  readonly profile: SeedRunProfile;
  /** Whether data is removed first. */
  readonly fresh?: boolean;
  /** Whether what people have changed is overwritten. */
  readonly overwrite?: boolean;
}

/** It would put made-up data into production, or remove or overwrite data there. */
export class SeedingRefused extends Error {
  override readonly name = 'SeedingRefused';
}

/**
 * Keeps what is made up, and what takes data away, out of production. What counts as production is said by this process,
 * and by the database: a laptop that is connected to production's is refused as well.
 */
@Injectable()
export class SeedGuard {
  constructor(
    private readonly context: TenantContext,
    private readonly entityManager: EntityManager,
  ) {}

  /**
   * @param production what this process says
   * @throws {SeedingRefused}
   */
  async mustAllow(
    intent: SeedIntent,
    production: boolean,
    { allowProduction = false, database }: ProductionConsent = {},
  ): Promise<void> {
    const harm = harmOf(intent);
    const installation = await this.context.runAsReader(() =>
      this.entityManager.transactional((transaction) => readInstallation(transaction)),
    );
    if (harm === null || !(production || installation.isProduction)) {
      return;
    }
    const why = production
      ? 'NODE_ENV says that this is production'
      : `The database ${installation.database} has been migrated in production, whatever NODE_ENV says`;
    if (!allowProduction) {
      throw new SeedingRefused(
        `${why}: ${harm}. If you mean it, add --allow-production and --database with the database’s name.`,
      );
    }
    if (database !== installation.database) {
      throw new SeedingRefused(
        `${why}: ${harm}. --database has to be the name of the database that this goes to, and ${
          database === undefined ? 'is missing' : `${database} is not`
        }.`,
      );
    }
  }
}

function harmOf({ profile, fresh = false, overwrite = false }: SeedIntent): string | null {
  if (profile !== 'reference') {
    return `the profile ${profile} is made up, and production gets reference only`;
  }
  if (fresh) {
    return 'nothing is removed in production';
  }
  return overwrite ? 'nothing that people have changed is overwritten in production' : null;
}
