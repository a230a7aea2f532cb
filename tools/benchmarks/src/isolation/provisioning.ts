import { withFleet } from '@tenantry/persistence';
import { placementNames, say, timed } from '../database.ts';
import { placementScript, readPlacementStatements } from '../raw-placement.ts';
import type { Installation } from './installation.ts';
import { measureWarmPool, type WarmPool } from './warm-pool.ts';

/** What making one placement took, in milliseconds, by turns; and what it took to have one made ahead. */
export interface Provisioning extends WarmPool {
  readonly tenantryMs: readonly number[];
  readonly rawMs: readonly number[];
}

/** Some placements by what the provisioner does for each (role, schema, migrations, ledger), as many by one message of raw SQL. */
export async function measureProvisioning(
  { database }: Installation,
  placements: number,
): Promise<Provisioning> {
  say(`provisioning ${placements} placements`);
  const statements = await readPlacementStatements(database);
  const names = placementNames(0, 2 * placements + 2);
  const made = await withFleet(database.config, async (fleet) => {
    const tenantryMs: number[] = [];
    const rawMs: number[] = [];
    for (let at = 0; at < names.length; at += 2) {
      const [one = '', other = ''] = names.slice(at);
      tenantryMs.push(await timed(() => fleet.migratePlacement(one)));
      rawMs.push(await timed(() => database.pool.query(placementScript(other, statements))));
    }
    // The first of each finds nothing in memory.
    return { tenantryMs: tenantryMs.slice(1), rawMs: rawMs.slice(1) };
  });
  return { ...made, ...(await measureWarmPool(database.config, placements)) };
}
