import type { Queryable } from '@tenantry/persistence';
import { setOutdatedSeeds } from '@tenantry/platform';
import { EACH_MINUTE_MS, Indicator, measure } from '../report/indicator.ts';
import type { Reading } from '../report/reading.ts';

interface SeededVersion {
  readonly seeder: string;
  readonly version: number;
  readonly targets: number;
}

/** What has been seeded, in which version, and where. Which seeders there are only the migrator knows. */
export class SeedsIndicator extends Indicator {
  override readonly name = 'seeds';
  override readonly everyMs = EACH_MINUTE_MS;

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const seeded = await database.execute<SeededVersion[]>(
      'select seeder, version, count(*)::int as targets from catalog.seed group by 1, 2 order by 1, 2',
    );
    const newest = new Map(seeded.map(({ seeder, version }) => [seeder, version]));
    const outdated = seeded
      .filter(({ seeder, version }) => version < (newest.get(seeder) ?? version))
      .reduce((sum, { targets }) => sum + targets, 0);
    setOutdatedSeeds(outdated);
    return [measure('outdated-seeds', outdated, seeded)];
  }
}
