/** What is left over from tenants and belongs to none. */
export interface Orphans {
  /** Schemas named like those of placements that the catalog does not know. */
  readonly schemas: readonly string[];
  /** The schemas of dedicated placements without a tenant. */
  readonly placements: readonly string[];
}

/** Finds what is left over, and removes it. */
export abstract class OrphanedPlacements {
  abstract find(): Promise<Orphans>;

  /** Removes a schema that the catalog does not know, with its role. It refuses any other. */
  abstract removeSchema(schema: string): Promise<void>;
}
