/** In characters: of what is longer nobody reads the rest. */
const LONGEST_READ = 10_000;
const LONGEST_SHOWN = 2_000;
/** How many texts are remembered: programs have few, unless values are written into them. */
const MOST_REMEMBERED = 500;

const NAME = String.raw`[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*`;
const VALUES = [
  String.raw`[eE]'(?:[^'\\]|''|\\[^])*(?:'|$)`,
  String.raw`(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|$)`,
  String.raw`\$(?<tag>(?:${NAME})?)\$[^]*?(?:\$\k<tag>\$|$)`,
  String.raw`\.?\d[\w.]*(?:(?<=\d[eE])[+-]\d+)?`,
];
/** What a statement is made of, as far as values are concerned. What is cut off ends with the text. */
const TOKENS = new RegExp(
  [
    String.raw`"(?:[^"]|"")*(?:"|$)`,
    String.raw`(?<gap>(?:\s|--[^\n]*|/\*[^]*?(?:\*/|$))+)`,
    `(?<value>${VALUES.join('|')})`,
    NAME,
    String.raw`\$\d+`,
  ].join('|'),
  'g',
);
const ITEM = String.raw`(?:\?|\$\d+|null|default|true|false)`;
const LIST = new RegExp(String.raw`\(${ITEM}(?:, ?${ITEM})+\)`, 'gi');
const ROWS = /(\((?:\?|\?, …)\))(?:, ?\((?:\?|\?, …)\))+/g;

const remembered = new Map<string, string>();

/**
 * The text of a statement as it may be logged: `?` for each value that is written into it, `(?, …)` for a list of them, without
 * comments, in one line, cut where it is long. Statements that differ in their values alone have the same text.
 */
export function sqlWithoutValues(sql: string): string {
  const known = remembered.get(sql);
  if (known !== undefined) {
    return known;
  }
  const text = normalised(sql);
  if (sql.length > LONGEST_READ) {
    return text;
  }
  if (remembered.size >= MOST_REMEMBERED) {
    remembered.clear();
  }
  remembered.set(sql, text);
  return text;
}

function normalised(sql: string): string {
  const text = sql
    .slice(0, LONGEST_READ)
    .replace(TOKENS, replaced)
    .trim()
    .replace(LIST, '(?, …)')
    .replace(ROWS, '$1, …');
  return sql.length > LONGEST_READ || text.length > LONGEST_SHOWN
    ? `${text.slice(0, LONGEST_SHOWN)}…`
    : text;
}

function replaced(token: string, ...rest: unknown[]): string {
  const { value, gap } = rest.at(-1) as Record<string, string | undefined>;
  if (value !== undefined) {
    return '?';
  }
  return gap === undefined ? token : ' ';
}
