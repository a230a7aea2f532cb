import type { MikroORM } from '@mikro-orm/postgresql';
import { SHARED_SCHEMA } from '@tenantry/domain';
import {
  CATALOG,
  compileBuild,
  isInRange,
  type Queryable,
  readFleetStatus,
  readWarmSchemas,
  type TargetPlan,
} from '@tenantry/persistence';
import { setMigrationCounts, setWarmPlacements } from '@tenantry/platform';
import { EACH_MINUTE_MS, Indicator, measure } from '../report/indicator.ts';
import { judged, type Reading } from '../report/reading.ts';

/** How many are named. */
const MOST = 20;

/** Where the catalog and all placements are, compared with the migrations of this build. */
export class MigrationsIndicator extends Indicator {
  override readonly name = 'migrations';
  override readonly everyMs = EACH_MINUTE_MS;
  override readonly deadlineMs = 10_000;
  private readonly build: ReturnType<typeof compileBuild>;

  constructor(orm: MikroORM) {
    super();
    this.build = compileBuild(orm);
  }

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const targets = await readFleetStatus(database, await this.build);
    const placements = targets.filter(({ list }) => list !== CATALOG.list);
    const outOfRange = placements.filter((target) => !isInRange(target));
    const quarantined = placements.filter(({ failure }) => failure !== null);
    const changed = targets.filter((target) => target.changed.length > 0);
    const warm = new Set(await readWarmSchemas(database));
    const lagging = outOfRange.filter(({ name }) => warm.has(name)).length;
    setWarmPlacements({ ready: warm.size - lagging, lagging });
    setMigrationCounts({
      pending: placements.filter(isPending).length,
      failed: quarantined.length,
      outOfRange: outOfRange.length,
    });
    return [
      ...targets.filter(isRequired).map(versionReading),
      fleetReading(placements),
      measure('placements-out-of-range', outOfRange.length, outOfRange.slice(0, MOST).map(stateOf)),
      measure(
        'quarantined',
        quarantined.length,
        quarantined.slice(0, MOST).map(({ name, failure }) => ({ schema: name, ...failure })),
      ),
      measure(
        'changed-migrations',
        changed.length,
        changed.slice(0, MOST).map(({ name, changed: names }) => ({ target: name, names })),
      ),
    ];
  }
}

/** All tenants depend on the catalog, and most on the shared placement. */
const isRequired = ({ name }: TargetPlan): boolean =>
  name === CATALOG.name || name === SHARED_SCHEMA;

const isPending = ({ pending }: TargetPlan): boolean => pending.length > 0;

function versionReading(target: TargetPlan): Reading {
  return judged(`${target.name}-version`, isInRange(target) ? 'pass' : 'fail', versionOf(target), {
    detail: stateOf(target),
    advice:
      target.contracted.length > 0
        ? 'It has gone past this build: roll out the newer one.'
        : 'Run migrate: this process is not ready until then.',
  });
}

/** Which versions there are, and how many placements are at each. */
function fleetReading(placements: readonly TargetPlan[]): Reading {
  const versions = [...Map.groupBy(placements, versionOf)].map(([version, { length }]) => ({
    version,
    count: length,
  }));
  return judged('fleet', versions.length > 1 ? 'warn' : 'pass', versions, {
    detail: {
      pending: placements.filter(isPending).length,
      toContract: placements.filter(({ toContract }) => toContract.length > 0).length,
      ahead: placements.filter(({ ahead }) => ahead.length > 0).length,
    },
    advice: 'Placements are at different versions: a migration is under way, or was stopped.',
  });
}

function stateOf({ name, pending, contracted, ahead }: TargetPlan): object {
  return { schema: name, pending, contracted, ahead };
}

function versionOf({ applied }: TargetPlan): string | null {
  return applied.at(-1) ?? null;
}
