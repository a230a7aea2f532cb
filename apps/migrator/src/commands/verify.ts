import { type DriftReport, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { type OutputOptions, print } from '../output.ts';

export interface VerifyOptions extends OutputOptions {
  readonly only?: readonly string[];
  readonly exclude?: readonly string[];
}

/** Says which placements are not what their migrations make, and changes nothing. */
export async function verify(options: VerifyOptions): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  const report = await withFleet(config, (fleet) => fleet.verify(options));
  print(report, linesOf(report), options);
  if (report.different.length > 0) {
    return EXIT.drift;
  }
  return report.unknown.length > 0 ? EXIT.partial : EXIT.done;
}

function linesOf({ equal, different, unknown }: DriftReport): readonly string[] {
  return [
    `${equal} equal, ${different.length} differ`,
    ...(unknown.length > 0
      ? [`${unknown.length} are ahead of this build, and were not judged`]
      : []),
    ...different.flatMap(({ schema, missing, unexpected }) => [
      `${schema}:`,
      ...missing.map((line) => `  - ${line}`),
      ...unexpected.map((line) => `  + ${line}`),
    ]),
  ];
}
