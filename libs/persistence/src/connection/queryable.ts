/** What answers SQL: an entity manager, in its scope, or a probe. */
export interface Queryable {
  /** @param parameters for each `?`, in order */
  execute<Rows extends object[]>(sql: string, parameters?: unknown[]): Promise<Rows>;
}
