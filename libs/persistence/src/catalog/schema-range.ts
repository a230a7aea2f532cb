import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { compile } from '../migrations/compiled-migration.ts';
import { migrationLists } from '../migrations/migration-lists.ts';

/** Which placements this build can serve: they have all that it needs, and nothing it needs has been taken away. */
export class SchemaRange {
  private constructor(
    /** Migrations that have to be applied there. */
    private readonly expands: readonly string[],
    /** Contracts that may be: any other was made for a newer build. */
    private readonly contracts: readonly string[],
  ) {}

  /** Nothing is asked of the server. */
  static async ofThisBuild(orm: MikroORM): Promise<SchemaRange> {
    const { tenant } = await compile(orm, migrationLists);
    const namesOf = (wanted: string): readonly string[] =>
      tenant.filter(({ kind }) => kind === wanted).map(({ name }) => name);
    return new SchemaRange(namesOf('expand'), namesOf('contract'));
  }

  /** Of {@link IS_IN_RANGE}. */
  get parameters(): readonly string[] {
    return [JSON.stringify(this.expands), JSON.stringify(this.contracts)];
  }
}

/** SQL of whether a placement `p` is in the range. */
export const IS_IN_RANGE = `(not exists (
    select from jsonb_array_elements_text(?::jsonb) as needed(name)
    where not exists (select from catalog.migration m where m.target = p.schema_name and m.name = needed.name))
  and not exists (
    select from catalog.migration m where m.target = p.schema_name and m.kind = 'contract'
      and m.name not in (select jsonb_array_elements_text(?::jsonb))))`;

/** The schemas of the placements that this build can work in: in the middle of a deployment there are others. */
export async function placementsInRange(
  entityManager: EntityManager,
  range: SchemaRange,
): Promise<readonly string[]> {
  const rows = await entityManager.execute<{ schema: string }[]>(
    `select p.schema_name as schema from catalog.placement p where ${IS_IN_RANGE} order by p.id`,
    [...range.parameters],
  );
  return rows.map(({ schema }) => schema);
}
