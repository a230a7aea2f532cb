/**
 * A statement as words: names and numbers, strings and signs, without comments. What is not quoted is in small letters; a name
 * with its schema is one word.
 */
export type Words = readonly string[];

const IDENTIFIER = String.raw`(?:"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*)`;

/** What there is, in the order in which it is tried. */
const WORD = new RegExp(
  [
    String.raw`(?<space>\s+|--[^\n]*)`,
    String.raw`(?<string>e'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(?<tag>(?:[\p{L}_][\p{L}\p{N}_]*)?)\$.*?\$\k<tag>\$)`,
    String.raw`(?<name>${IDENTIFIER}(?:\s*\.\s*${IDENTIFIER})*)`,
    String.raw`(?<number>\d[\d.]*)`,
    String.raw`(?<sign>.)`,
  ].join('|'),
  'isuy',
);

export interface Statement {
  /** As it was written, without what is around it. */
  readonly text: string;
  readonly words: Words;
}

/** The statements in a text. A pure function. */
export function statementsIn(sql: string): readonly Statement[] {
  return partsOf(wordsIn(sql), ';', ({ word }) => word).flatMap((found) => {
    const [first, last] = [found.at(0), found.at(-1)];
    return first && last
      ? [{ text: sql.slice(first.from, last.to), words: found.map(({ word }) => word) }]
      : [];
  });
}

/** A part of a text. */
interface Found {
  readonly word: string;
  readonly from: number;
  readonly to: number;
}

/** The clauses of a statement, which have commas between them. A pure function. */
export function clausesOf(words: Words): readonly Words[] {
  return partsOf(words, ',', (word) => word);
}

/** What stands between those signs that are in no parentheses. */
function partsOf<Item>(
  items: readonly Item[],
  sign: ',' | ';',
  wordOf: (item: Item) => string,
): readonly (readonly Item[])[] {
  const parts: Item[][] = [[]];
  let depth = 0;
  for (const item of items) {
    const word = wordOf(item);
    depth += Number(OPENING.has(word)) - Number(CLOSING.has(word));
    if (word === sign && depth === 0) {
      parts.push([]);
    } else {
      parts.at(-1)?.push(item);
    }
  }
  return parts;
}

const OPENING = new Set(['(', '[']);
const CLOSING = new Set([')', ']']);

function wordsIn(sql: string): readonly Found[] {
  const words: Found[] = [];
  for (let from = 0, to = 0; from < sql.length; from = to) {
    WORD.lastIndex = from;
    const found = sql.startsWith('/*', from) ? null : WORD.exec(sql);
    to = found ? WORD.lastIndex : endOfComment(sql, from);
    if (found && found.groups?.['space'] === undefined) {
      const [text] = found;
      words.push({ word: found.groups?.['name'] === undefined ? text : plain(text), from, to });
    }
  }
  return words;
}

/** Comments between these signs may be in each other. */
function endOfComment(sql: string, start: number): number {
  let depth = 0;
  for (const { 0: sign, index } of sql.slice(start).matchAll(/\/\*|\*\//g)) {
    depth += sign === '/*' ? 1 : -1;
    if (depth === 0) {
      return start + index + sign.length;
    }
  }
  return sql.length;
}

/** A name in small letters and without spaces, but for what is quoted. */
function plain(name: string): string {
  return name
    .split(/("(?:[^"]|"")*")/)
    .map((part) => (part.startsWith('"') ? part : part.replace(/\s+/g, '').toLowerCase()))
    .join('');
}
