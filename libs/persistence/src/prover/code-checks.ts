import type { CodeFacts } from './code-facts.ts';
import { type Finding, finding } from './finding.ts';

const PROBLEMS: Readonly<Record<CodeFacts['kind'], string>> = {
  view: 'reads tenants’ rows with its owner’s rights',
  'materialized-view': 'holds a copy of rows, without policies',
  rule: 'acts with its owner’s rights',
  trigger: 'runs with its function’s owner’s rights',
  'security-definer': 'runs with its owner’s rights, and the app may call it',
  publication: 'sends tenants’ rows to its subscribers',
};

export function checkCode({ kind, where, ofExtension }: CodeFacts): Finding {
  // What an extension brings along was written for this, and cannot be taken away from it.
  const severity = kind === 'publication' || ofExtension ? 'warning' : 'leak';
  return finding(kind, where, PROBLEMS[kind], severity);
}
