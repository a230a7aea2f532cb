import { Logger } from '@nestjs/common';
import {
  CHECKS,
  type Finding,
  IsolationProver,
  type IsolationReport,
  lineOf,
} from '@tenantry/persistence';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type OutputOptions, print, table } from '../output.ts';
import { withApplication } from '../with-application.ts';

/** Inspects and attacks the database. Warnings are shown, and do not make it fail. */
export async function proveIsolation(options: OutputOptions): Promise<ExitCode> {
  return withApplication(async (application, config) => {
    // Attacks are to be refused: that each of them is a query that failed is no news.
    Logger.overrideLogger(['fatal', 'error']);
    const report = await application.get(IsolationProver).prove(config);
    print(report, linesOf(report), options);
    return report.proven ? EXIT.done : EXIT.drift;
  });
}

function linesOf(report: IsolationReport): string[] {
  const { placements, findings, attacks, selfTest, proven } = report;
  return [
    `Checks, over ${placements} placements`,
    ...table(
      Object.entries(CHECKS).map(([check, { expects }]) => [
        stateOf(check, findings),
        check,
        expects,
      ]),
    ),
    '',
    'Attacks',
    ...table(attacks.map(({ attack, outcome, detail }) => [outcome, attack, detail])),
    '',
    'Planted for the prover to find',
    ...table(selfTest.map(({ planted, missed }) => [missed.length > 0 ? 'missed' : 'ok', planted])),
    '',
    ...findings.map(lineOf),
    proven ? 'Tenants are isolated.' : 'Tenants are NOT isolated.',
  ];
}

function stateOf(check: string, findings: readonly Finding[]): string {
  const severities = findings
    .filter((finding) => finding.check === check)
    .map(({ severity }) => severity);
  if (severities.length === 0) {
    return 'ok';
  }
  return severities.includes('leak') ? 'leak' : 'warning';
}
