import type { LintFinding } from './finding.ts';

/** What nothing else can be said of before it has been put right. */
const NEVER_ACCEPTED = 'syntax-error';

/**
 * Takes away what a migration accepts with a reason.
 * @returns what remains, and what is wrong with the exceptions themselves
 */
export function withoutAccepted(
  findings: readonly LintFinding[],
  accepts: Readonly<Record<string, string>>,
): LintFinding[] {
  const accepted = Object.entries(accepts).filter(([rule]) => rule !== NEVER_ACCEPTED);
  const rules = accepted.map(([rule]) => rule);
  return [
    ...findings.filter(({ rule }) => !rules.includes(rule)),
    ...Object.entries(accepts).flatMap(([rule, reason]) =>
      problemsOf(rule, reason, findings).map((problem) => ({ ...problem, statement: null })),
    ),
  ];
}

function problemsOf(
  rule: string,
  reason: string,
  findings: readonly LintFinding[],
): Omit<LintFinding, 'statement'>[] {
  if (rule === NEVER_ACCEPTED || !findings.some((finding) => finding.rule === rule)) {
    const message = `It accepts ${rule}, and there is nothing of that name to accept: remove it, or correct the name.`;
    return [{ rule: 'needless-exception', message }];
  }
  return reason.trim() === ''
    ? [{ rule: 'exception-without-reason', message: `It accepts ${rule}: say why it may.` }]
    : [];
}
