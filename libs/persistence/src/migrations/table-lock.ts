import { clausesOf, statementsIn, type Words } from './sql-words.ts';

/**
 * The locks that statements take on tables that are there already, and for how long: from what keeps nobody waiting to what
 * keeps everybody waiting. After https://www.postgresql.org/docs/current/explicit-locking.html
 */
export const TABLE_LOCKS = [
  'none',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;
export type TableLock = (typeof TABLE_LOCKS)[number];

/** A lock, and the table that it is on where that is known. */
interface Held {
  readonly table?: string | undefined;
  readonly lock: TableLock;
}

type Forms = readonly (readonly [RegExp, TableLock])[];

/** By how a statement begins; the first that fits. */
const STATEMENTS: Forms = [
  [/^create (?:schema|sequence|type|domain|extension|role|view|function|procedure) /, 'none'],
  [/^create or replace (?:function|procedure) /, 'none'],
  [/^create or replace view (?<table>\S+)/, 'ACCESS EXCLUSIVE'],
  [/^comment on (?:table|column|view) /, 'SHARE UPDATE EXCLUSIVE'],
  [/^(?:grant|revoke|comment|alter default privileges|select|set) /, 'none'],
  [/^(?:insert into|update|delete from|merge into) (?:only )?(?<table>\S+)/, 'ROW EXCLUSIVE'],
  [
    /^create (?:unique )?index concurrently (?:.*? )?on (?:only )?(?<table>\S+)/,
    'SHARE UPDATE EXCLUSIVE',
  ],
  [/^(?:drop index|reindex .*) ?concurrently /, 'SHARE UPDATE EXCLUSIVE'],
  [/^(?:analyze|vacuum(?! full)) ?(?<table>\S*)/, 'SHARE UPDATE EXCLUSIVE'],
  [/^create (?:unique )?index (?:.*? )?on (?:only )?(?<table>\S+)/, 'SHARE'],
  [/^create (?:or replace )?(?:constraint )?trigger .*? on (?<table>\S+)/, 'SHARE ROW EXCLUSIVE'],
  [/^create policy .*? on (?<table>\S+)/, 'ACCESS EXCLUSIVE'],
];

/** By how a clause of `alter table` begins. */
const CLAUSES: Forms = [
  [/^validate constraint /, 'SHARE UPDATE EXCLUSIVE'],
  [/^attach partition /, 'SHARE UPDATE EXCLUSIVE'],
  [/^add (?:constraint \S+ )?foreign key /, 'SHARE ROW EXCLUSIVE'],
];

/** Other tables that come into it, wherever they are named. */
const OTHERS: Forms = [
  [/ references (?<table>\S+)/g, 'SHARE ROW EXCLUSIVE'],
  [/ (?:partition of|attach partition) (?<table>\S+)/g, 'ACCESS EXCLUSIVE'],
  [/ (?:inherits \(|inherit) (?<table>\S+)/g, 'SHARE UPDATE EXCLUSIVE'],
];

const MAKES =
  /^create (?<replacing>or replace )?(?:(?:unlogged|temp|temporary) )?(?:table|view) (?:if not exists )?(?<table>\S+)/;
const ALTERS = /^alter table (?:if exists )?(?:only )?(?<table>\S+) /;

/**
 * The strongest lock that statements take on tables and views that are there before them. What they make themselves is in
 * nobody's way. What is not known is taken for the worst.
 */
export function strongestLock(statements: readonly string[]): TableLock {
  const made = new Set<string>();
  const held: TableLock[] = [];
  for (const { words } of statements.flatMap(statementsIn)) {
    const text = textOf(words);
    const { replacing, table: making } = MAKES.exec(text)?.groups ?? {};
    if (making !== undefined && replacing === undefined) {
      made.add(known(making));
    }
    const inTheWay = locksOf(text, words).filter(
      ({ table }) => table === undefined || !made.has(known(table)),
    );
    held.push(...inTheWay.map(({ lock }) => lock));
    if (making !== undefined) {
      made.add(known(making));
    }
  }
  return strongestOf(held);
}

function locksOf(text: string, words: Words): readonly Held[] {
  if (/^create (?:\w+ )?table /.test(text)) {
    return othersIn(text);
  }
  const [beginning, table] = ALTERS.exec(text) ?? [];
  if (beginning === undefined) {
    return [lockBy(STATEMENTS, text)];
  }
  const clauses = clausesOf(words.slice(beginning.trim().split(' ').length));
  const lock = strongestOf(clauses.map((clause) => lockBy(CLAUSES, textOf(clause)).lock));
  return [{ table, lock }, ...othersIn(text)];
}

function lockBy(forms: Forms, text: string): Held {
  for (const [form, lock] of forms) {
    const found = form.exec(text);
    if (found) {
      return { table: found.groups?.['table'], lock };
    }
  }
  return { lock: 'ACCESS EXCLUSIVE' };
}

function othersIn(text: string): readonly Held[] {
  return OTHERS.flatMap(([form, lock]) =>
    [...text.matchAll(form)].map(({ groups }) => ({ table: groups?.['table'], lock })),
  );
}

function strongestOf(locks: readonly TableLock[]): TableLock {
  return TABLE_LOCKS.findLast((lock) => locks.includes(lock)) ?? 'none';
}

/** One space between words, and none in them. */
function textOf(words: Words): string {
  return words.map((word) => (/['$]/.test(word) ? `''` : word.replace(/\s/g, '_'))).join(' ');
}

/** A name is the same with quotes where it would be without. */
function known(name: string): string {
  return name.replace(/"([a-z_][a-z0-9_]*)"/g, '$1');
}
