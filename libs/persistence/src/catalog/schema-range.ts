import type { MikroORM } from '@mikro-orm/postgresql';
import { compile } from '../migrations/compiled-migration.ts';
import { migrationLists } from '../migrations/migration-lists.ts';

/** Which placements this build can serve: they have all that it needs, and nothing it needs has been taken away. */
export class SchemaRange {
  private constructor(
    /** Migrations that have to be applied there. */
    readonly expands: readonly string[],
    /** Contracts that may be: any other was made for a newer build. */
    readonly contracts: readonly string[],
  ) {}

  /** Nothing is asked of the server. */
  static async ofThisBuild(orm: MikroORM): Promise<SchemaRange> {
    const { tenant } = await compile(orm, migrationLists);
    const namesOf = (wanted: string): readonly string[] =>
      tenant.filter(({ kind }) => kind === wanted).map(({ name }) => name);
    return new SchemaRange(namesOf('expand'), namesOf('contract'));
  }
}
