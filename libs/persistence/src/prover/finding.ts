import { CHECKS, type CheckName } from './checks.ts';

/** Something that the prover found: a `leak` must not be, a `warning` should be looked at. */
export interface Finding {
  readonly check: CheckName;
  readonly severity: 'leak' | 'warning';
  /** The object that it is about, such as `shared.member`. */
  readonly where: string;
  readonly problem: string;
  readonly remedy: string;
}

/** A finding with the remedy that its check has; a leak, unless it is said not to be one. */
export function finding(
  check: CheckName,
  where: string,
  problem: string,
  severity: Finding['severity'] = 'leak',
): Finding {
  return { check, severity, where, problem, remedy: CHECKS[check].remedy };
}

/** One line for a log or a terminal. */
export function lineOf({ check, severity, where, problem, remedy }: Finding): string {
  return `${severity} ${check}: ${where} ${problem}. ${remedy}`;
}
