import type { BaseSeeder } from './base.seeder.ts';

/** Seeders that cannot be put into an order, or do not fit together. */
export class SeedersUnordered extends Error {
  override readonly name = 'SeedersUnordered';
}

/**
 * Each after those that it depends on, and otherwise as they were given. A pure function.
 * @throws {SeedersUnordered} naming a cycle, a dependency that there is not, a name that two have, or a seeder of the
 *   catalog that depends on one of tenants
 */
export function inOrder(seeders: readonly BaseSeeder[]): readonly BaseSeeder[] {
  const byName = new Map(seeders.map((seeder) => [seeder.name, seeder]));
  if (byName.size < seeders.length) {
    const twice = seeders.find((seeder) => byName.get(seeder.name) !== seeder);
    throw new SeedersUnordered(`Two seeders are called ${twice?.name ?? ''}.`);
  }
  const ordered = new Set<BaseSeeder>();
  const visit = (seeder: BaseSeeder, path: readonly string[]): void => {
    if (ordered.has(seeder)) {
      return;
    }
    if (path.includes(seeder.name)) {
      const cycle = [...path.slice(path.indexOf(seeder.name)), seeder.name];
      throw new SeedersUnordered(`Seeders depend on each other: ${cycle.join(' → ')}.`);
    }
    for (const name of seeder.dependsOn) {
      visit(dependency(seeder, byName.get(name), name), [...path, seeder.name]);
    }
    ordered.add(seeder);
  };
  for (const seeder of seeders) {
    visit(seeder, []);
  }
  return [...ordered];
}

function dependency(seeder: BaseSeeder, found: BaseSeeder | undefined, name: string): BaseSeeder {
  if (!found) {
    throw new SeedersUnordered(`${seeder.name} depends on ${name}, which there is not.`);
  }
  if (seeder.scope === 'catalog' && found.scope === 'tenant') {
    throw new SeedersUnordered(
      `${seeder.name} is seeded into the catalog, before any tenant: it cannot depend on ${name}.`,
    );
  }
  return found;
}
