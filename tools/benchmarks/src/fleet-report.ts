import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Comparison } from './fleet-against-raw.ts';
import type { Growth } from './fleet-growth.ts';
import { linePlot } from './line-plot.ts';

/** All that was measured in one run. */
export interface FleetMeasurements {
  readonly comparison: Comparison;
  readonly growth: Growth;
  readonly concurrency: number;
}

const FOLDER = join(import.meta.dirname, '../../../docs/benchmarks');

/** Prints what was measured and, unless it was a short run, keeps it in docs/benchmarks. */
export async function writeFleetReport(
  measurements: FleetMeasurements,
  isShort: boolean,
): Promise<void> {
  const report = reportOf(measurements);
  process.stdout.write(`\n${report}\n`);
  if (!isShort) {
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(FOLDER, 'fleet.md'), report);
    await writeFile(join(FOLDER, 'fleet.json'), `${JSON.stringify(measurements, null, 2)}\n`);
    await writeFile(join(FOLDER, 'fleet.svg'), plotOf(measurements.growth));
  }
}

function reportOf({ comparison, growth, concurrency }: FleetMeasurements): string {
  const { placements, rounds, ratios } = comparison;
  const largest = growth.sizes.at(-1);
  const [cpu] = cpus();
  return `# The fleet migrator

Made by \`nx run benchmarks:fleet\`, in one run, on ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}) that are shared with the server, Node
${process.versions.node}, PostgreSQL embedded on the loopback interface and without fsync, so that raw is as fast as it gets, ${concurrency} placements at once. Raw is the same schemas, roles, rights and tables by plain
\`pg\` over as many connections, one message for each schema, without locks, ledger or report. Both by turns, ${rounds.length} rounds; the ratio is the
median of the rounds.

| ${placements} placements | fleet, s | raw, s | ratio | budget |
| --- | --- | --- | --- | --- |
| first migration | ${seconds(rounds.map(({ firstMs }) => firstMs.fleet))} | ${seconds(rounds.map(({ firstMs }) => firstMs.raw))} | ${ratios.first.toFixed(2)} | 1.3 |
| a column more | ${seconds(rounds.map(({ columnMs }) => columnMs.fleet))} | ${seconds(rounds.map(({ columnMs }) => columnMs.raw))} | ${ratios.column.toFixed(2)} | 1.5 |

| placements | made since the size before, s | nothing to do, s | status, s | memory of the three, MiB |
| --- | --- | --- | --- | --- |
${growth.sizes
  .map(
    ({ placements: size, migrate, nothingToDo, status }) =>
      `| ${size} | ${seconds([migrate.durationMs])} | ${seconds([nothingToDo.durationMs])} | ${seconds([status.durationMs])} | ${[migrate, nothingToDo, status].map(({ memoryMiB }) => memoryMiB.toFixed(0)).join(', ')} |`,
  )
  .join('\n')}

These are commands of the built migrator, with the start of the process. Budgets: nothing to do ≤ 3 s, status ≤ 2 s, memory ≤ 300 MiB (the most
that the process has had). A column more in all
${largest?.placements ?? 0} took ${seconds([growth.columnMs])} s.

![How long a run with nothing to do and status take](fleet.svg)
`;
}

function seconds(milliseconds: readonly number[]): string {
  return milliseconds.map((value) => (value / 1_000).toFixed(2)).join(', ');
}

function plotOf({ sizes }: Growth): string {
  return linePlot({
    title: 'A fleet that grows',
    x: 'placements',
    y: 'seconds',
    lines: [
      {
        name: 'nothing to do',
        points: sizes.map(({ placements, nothingToDo }) => [
          placements,
          nothingToDo.durationMs / 1_000,
        ]),
      },
      {
        name: 'status',
        points: sizes.map(({ placements, status }) => [placements, status.durationMs / 1_000]),
      },
    ],
  });
}
