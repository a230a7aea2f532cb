/** A statement that builds or removes an index while its table is being used: it cannot be in a transaction. */
export interface ConcurrentIndex {
  readonly action: 'create' | 'drop';
  /** Of the index, without quotes. */
  readonly index: string;
}

const STATEMENT =
  /^(?<action>create|drop)\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+(?:not\s+)?exists\s+)?(?:"?catalog"?\.)?(?:"(?<quoted>[^"]+)"|(?<plain>[a-z_]\w*))(?:\s|;|$)/i;

/** What the statement does with which index; `null` when it is another one, or one that names no index. */
export function concurrentIndexOf(statement: string): ConcurrentIndex | null {
  const { action, quoted, plain } = STATEMENT.exec(statement)?.groups ?? {};
  const index = quoted ?? plain?.toLowerCase();
  const isMore = /;\s*\S/.test(statement);
  return action === undefined || index === undefined || index === 'on' || isMore
    ? null
    : { action: action.toLowerCase() as ConcurrentIndex['action'], index };
}

/** The same for a table that nobody uses yet: in a transaction, with whatever else is done there. */
export function withoutConcurrently(statement: string): string {
  return statement.replace(/^((?:create|drop)\s+(?:unique\s+)?index)\s+concurrently\b/i, '$1');
}
