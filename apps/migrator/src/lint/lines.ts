import type { LintFinding } from './finding.ts';

const LONGEST = 120;

/** What was found in a migration, for people. */
export function linesOf(findings: readonly LintFinding[]): readonly string[] {
  return findings.flatMap(({ rule, message, statement }) => [
    `  ! ${rule}: ${message}`,
    ...(statement === null ? [] : [`      ${shortened(statement)}`]),
  ]);
}

function shortened(statement: string): string {
  const line = statement.replaceAll(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
