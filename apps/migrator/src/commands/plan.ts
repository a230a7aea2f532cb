import {
  type CompiledMigration,
  type FleetSettings,
  type MigrateOptions,
  type TargetWork,
  type Wave,
  withFleet,
} from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { FleetOptions } from '../fleet-options.ts';
import { logToStderr } from '../log-to-stderr.ts';
import type { LintFinding } from '../lint/finding.ts';
import { lint } from '../lint/lint.ts';
import { type Findings, printPlan } from '../print-plan.ts';

/**
 * Says what `migrate` would do, and changes nothing. What lint finds in migrations that are to be applied makes it fail.
 * @param settings such as other migrations than those of this build
 */
export async function plan(
  options: FleetOptions & MigrateOptions,
  settings: FleetSettings = {},
): Promise<ExitCode> {
  const config = readMigratorConfig();
  logToStderr(config);
  const { catalog, waves } = await withFleet(config, (fleet) => fleet.plan(options), settings);
  const ofCatalog = { name: 'catalog', targets: [catalog], isCanary: false };
  const planned = catalog.steps.length > 0 ? [ofCatalog, ...waves] : waves;
  const findings = await findingsIn(planned);
  printPlan(planned, options, findings);
  return [...findings.values()].every(({ length }) => length === 0) ? EXIT.done : EXIT.fatal;
}

/** Each migration is linted once, wherever it is to be applied. */
async function findingsIn(waves: readonly Wave<TargetWork>[]): Promise<Findings> {
  const findings = new Map<CompiledMigration, readonly LintFinding[]>();
  for (const { list, steps } of waves.flatMap(({ targets }) => targets)) {
    for (const step of steps) {
      findings.set(step, findings.get(step) ?? (await lint(list, step)));
    }
  }
  return findings;
}
