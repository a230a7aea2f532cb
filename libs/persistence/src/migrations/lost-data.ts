import { clausesOf, statementsIn, type Words } from './sql-words.ts';

/** Statements by which no row and no column is lost, with `q` for a name in quotes. Those that alter something are below. */
const HARMLESS = [
  /^drop (?:index|policy|trigger|rule|function|procedure|routine|aggregate|view|type|domain|statistics) (?!.*\bcascade\b)/,
  /^(?:create|comment|grant|revoke|alter default privileges|analyze|reindex|set|reset) /,
  /^insert into /,
  /^alter (?:index|policy|trigger|rule|function|procedure|routine|aggregate|view|statistics) /,
];

/** What is altered clause by clause. */
const ALTERED = /^alter (?:foreign )?(?:table|type|domain|sequence) (?:if exists )?(?:only )?\S+ /;

const HARMLESS_CLAUSES = [
  /^(?:add|rename|validate|attach partition) /,
  /^owner to /,
  /^drop constraint (?!.*\bcascade$)/,
  /^drop (?:default|not null)$/,
  /^alter (?:column )?\S+ drop (?:default|not null|expression|identity)(?: if exists)?$/,
  /^(?:alter (?:column )?\S+ )?set (?:default |not null$|statistics |storage |compression |schema |logged$|\()/,
  /^alter (?:column )?\S+ (?:add generated|reset) /,
  /^alter constraint /,
  /^(?:enable|disable|force|no force) (?:row level security|(?:(?:always|replica) )?(?:trigger|rule) )/,
  /^(?:replica identity|reset) /,
];

/** What changes rows in the middle of something else. */
const IN_THE_MIDDLE =
  /\b(?:delete from|merge into|do update set|update (?:only )?\S+ (?:(?:as )?\S+ )?set)\b/;

/**
 * The first statement that is not known to lose nothing. A pure function. What others are lost by is theirs to say: a trigger that
 * an insert fires, say.
 */
export function statementThatMayLose(sql: readonly string[]): string | undefined {
  return sql.flatMap(statementsIn).find(({ words }) => !isHarmless(words))?.text;
}

function isHarmless(words: Words): boolean {
  const masked = words.map(mask);
  const statement = masked.join(' ');
  if (IN_THE_MIDDLE.test(statement)) {
    return false;
  }
  const [beginning] = ALTERED.exec(statement) ?? [];
  return beginning === undefined
    ? HARMLESS.some((form) => form.test(statement))
    : clausesOf(masked.slice(beginning.trim().split(' ').length)).every((clause) =>
        HARMLESS_CLAUSES.some((form) => form.test(clause.join(' '))),
      );
}

/** A name or a string is no word of SQL, whatever is in it. */
function mask(word: string): string {
  return /["'$.]/.test(word) ? 'q' : word;
}
