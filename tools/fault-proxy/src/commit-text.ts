/** Strings, with backslashes or without, quoted names, dollar quotes; then comments. What they hold is no statement. */
const QUOTED_OR_COMMENT =
  /\be'(?:\\.|[^\\'])*'|'[^']*'|"[^"]*"|(\$(?:[a-z_]\w*)?\$).*?\1|(--[^\n]*|\/\*.*?\*\/)/gis;

const LAST_IS_COMMIT = /(?:^|;)\s*commit(?:\s+(?:work|transaction))?[\s;]*$/i;

/** Whether the last statement of a text is COMMIT, alone or after others. */
export function endsWithCommit(sql: string): boolean {
  // Most texts do not even have the word.
  return (
    /commit/i.test(sql) &&
    LAST_IS_COMMIT.test(
      sql.replace(QUOTED_OR_COMMENT, (_, _tag, comment?: string) => (comment ? ' ' : `''`)),
    )
  );
}
