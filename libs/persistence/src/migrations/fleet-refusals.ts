import type { TargetPlan } from './fleet-plan.ts';

export interface RefusalOptions {
  /** Whether what sorts before something that has been applied may be applied after it. */
  readonly allowOutOfOrder?: boolean;
}

/** A migration was changed after it had been applied. */
export class MigrationChanged extends Error {
  override readonly name = 'MigrationChanged';

  constructor(where: string) {
    super(
      `What has been applied has other SQL than this build: ${where}. Migrations do not change once they have landed: restore it, and write another one.`,
    );
  }
}

/** A migration would come after one that sorts behind it: what they do together was never tried. */
export class MigrationOutOfOrder extends Error {
  override readonly name = 'MigrationOutOfOrder';

  constructor(where: string) {
    super(
      `Something later has been applied already: ${where}. Give it a later name, or say --allow-out-of-order if the order does not matter.`,
    );
  }
}

/** How many targets are named. */
const MOST = 3;

/**
 * Before anything is done, anywhere. A pure function.
 * @throws {MigrationChanged}
 * @throws {MigrationOutOfOrder}
 */
export function mustBeRunnable(
  targets: readonly TargetPlan[],
  { allowOutOfOrder = false }: RefusalOptions,
): void {
  const changed = whereOf(targets, 'changed');
  if (changed) {
    throw new MigrationChanged(changed);
  }
  const outOfOrder = whereOf(targets, 'outOfOrder');
  if (outOfOrder && !allowOutOfOrder) {
    throw new MigrationOutOfOrder(outOfOrder);
  }
}

/** Such as `20261122120000-initial in shared, t_a, t_b and 9997 more`. */
function whereOf(targets: readonly TargetPlan[], what: 'changed' | 'outOfOrder'): string {
  const places = new Map<string, string[]>();
  for (const target of targets) {
    for (const migration of target[what]) {
      places.set(migration, [...(places.get(migration) ?? []), target.name]);
    }
  }
  return [...places]
    .map(([migration, names]) => {
      const more = names.length > MOST ? ` and ${names.length - MOST} more` : '';
      return `${migration} in ${names.slice(0, MOST).join(', ')}${more}`;
    })
    .join('; ');
}
