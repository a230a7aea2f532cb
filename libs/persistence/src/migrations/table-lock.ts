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

/** By how a statement begins; the first that fits. What is not known is taken for the worst. */
const BY_BEGINNING: readonly (readonly [RegExp, TableLock])[] = [
  [
    /^create\s+(?:unlogged\s+)?(?:table|schema|sequence|type|domain|extension|role|view)\b/i,
    'none',
  ],
  [/^create\s+(?:or\s+replace\s+)?(?:function|procedure|view)\b/i, 'none'],
  [/^(?:grant|revoke|comment|alter\s+default\s+privileges|select|set)\b/i, 'none'],
  [/^(?:insert|update|delete|merge)\b/i, 'ROW EXCLUSIVE'],
  [
    /^(?:create\s+(?:unique\s+)?index|drop\s+index|reindex\b.*)\s+concurrently\b/i,
    'SHARE UPDATE EXCLUSIVE',
  ],
  [/^alter\s+table\b.*\bvalidate\s+constraint\b/is, 'SHARE UPDATE EXCLUSIVE'],
  [/^(?:analyze|vacuum(?!\s+full))\b/i, 'SHARE UPDATE EXCLUSIVE'],
  [/^create\s+(?:unique\s+)?index\b/i, 'SHARE'],
  [/^alter\s+table\b.*\badd\s+(?:constraint\s+\S+\s+)?foreign\s+key\b/is, 'SHARE ROW EXCLUSIVE'],
  [/^create\s+(?:or\s+replace\s+)?(?:constraint\s+)?trigger\b/i, 'SHARE ROW EXCLUSIVE'],
];

/**
 * The strongest lock that statements take on tables that are there before them. A table that they make themselves is in
 * nobody's way.
 */
export function strongestLock(statements: readonly string[]): TableLock {
  const made = new Set<string>();
  let strongest: TableLock = 'none';
  for (const statement of statements) {
    const [, table] =
      /^create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?(\S+)/i.exec(statement) ?? [];
    if (table !== undefined) {
      made.add(table);
    }
    const [, touched = ''] = TOUCHES.exec(statement) ?? [];
    const lock = made.has(touched) ? 'none' : lockOf(statement);
    strongest = TABLE_LOCKS.indexOf(lock) > TABLE_LOCKS.indexOf(strongest) ? lock : strongest;
  }
  return strongest;
}

/** The table that a statement is about. */
const TOUCHES =
  /^(?:alter\s+table|create\s+(?:unique\s+)?index\b.*?\bon|create\s+policy\b.*?\bon|insert\s+into|update|delete\s+from)\s+(?:only\s+)?("[^"]+"(?:\."[^"]+")?|\S+)/is;

function lockOf(statement: string): TableLock {
  return BY_BEGINNING.find(([beginning]) => beginning.test(statement))?.[1] ?? 'ACCESS EXCLUSIVE';
}
