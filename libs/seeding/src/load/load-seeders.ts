import { Injectable } from '@nestjs/common';
import { RegisterTenant } from '@tenantry/application';
import { PlacementRepository } from '@tenantry/domain';
import type { BaseSeeder } from '../base.seeder.ts';
import type { Wording } from '../factories/wording.ts';
import { type LoadOptions, planLoad } from './load-plan.ts';
import { LoadRowsSeeder } from './load-rows.seeder.ts';
import { LoadTenantsSeeder } from './load-tenants.seeder.ts';

/** Makes the seeders of the profile `load`: many tenants, and many rows. */
@Injectable()
export class LoadSeeders {
  constructor(
    private readonly registerTenant: RegisterTenant,
    private readonly placements: PlacementRepository,
  ) {}

  /**
   * For a run of the profile `load`.
   * @param wording where texts come from; Faker unless told otherwise
   * @throws {LoadImpossible} naming the option that cannot be met
   */
  of(options: LoadOptions, wording = onceWith(options.seed)): readonly BaseSeeder[] {
    const plan = planLoad(options);
    const tenants = new LoadTenantsSeeder(this.registerTenant, this.placements, plan, wording);
    return [tenants, new LoadRowsSeeder(plan, wording, [tenants.name])];
  }
}

/** Faker is loaded when it is needed: it takes half a second and 40 MiB, which no other run is to pay for. */
function onceWith(seed: number): () => Promise<Wording> {
  let wording: Promise<Wording> | undefined;
  return () =>
    (wording ??= import('../factories/faker-wording.ts').then(({ fakerWording }) =>
      fakerWording(seed),
    ));
}
