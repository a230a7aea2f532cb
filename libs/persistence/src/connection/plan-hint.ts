import { createHash } from 'node:crypto';

/** What can be explained. */
const EXPLAINABLE = /^\(?(?:select|with|insert|update|delete|merge|values)\b/i;
/** A text that was cut. */
const ABRIDGED = '…';

/** How to find out why a statement is slow. */
export interface PlanHint {
  /** The same for statements that differ in their values alone: to count them by. */
  readonly statementId: string;
  /** What shows its plan on PostgreSQL 16 and later, without values and without running it. */
  readonly explain?: string;
}

/**
 * What to do about a slow statement. Nothing is asked of the server for it: that is slow already.
 * @param text without values
 */
export function planHint(text: string): PlanHint {
  const statementId = createHash('sha256').update(text).digest('hex').slice(0, 16);
  if (!EXPLAINABLE.test(text)) {
    return { statementId };
  }
  const explain = `explain (generic_plan) ${withParameters(text)}`;
  return explain.includes(ABRIDGED) ? { statementId } : { statementId, explain };
}

/** With numbered parameters, as the server knows them. */
function withParameters(text: string): string {
  let number = 0;
  const plain = text.replaceAll('(?, …)', '(?)');
  return plain.replace(/"(?:[^"]|"")*"|\?/g, (token) => {
    number += token === '?' ? 1 : 0;
    return token === '?' ? `$${number}` : token;
  });
}
