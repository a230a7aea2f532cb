import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Comparison, Sides } from './fleet-against-raw.ts';
import type { Growth } from './fleet-growth.ts';
import { linePlot } from './line-plot.ts';

/** All that was measured in one run. */
export interface FleetMeasurements {
  readonly comparison: Comparison;
  /** The same on a server that waits for its disk, as one in production does. */
  readonly durable: Comparison;
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

function reportOf({ comparison, durable, growth, concurrency }: FleetMeasurements): string {
  const { placements, rounds } = comparison;
  const largest = growth.sizes.at(-1);
  const [cpu] = cpus();
  return `# The fleet migrator

Made by \`nx run benchmarks:fleet\`, in one run, on ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}) that are shared with the server, Node
${process.versions.node}, PostgreSQL embedded on the loopback interface and without fsync, so that raw is as fast as it gets, ${concurrency} placements at once. Raw is the same schemas, roles, rights and tables by plain
\`pg\` over as many connections, one message for each schema, without locks, ledger or report. Both connect in the time that is taken. Both by turns, ${rounds.length} rounds; the ratio is the
median of the rounds, and beside it the lowest and the highest; a column is the median of 5 for each side in each round, in the same schemas by turns. With fsync, as in production, both wait for the disk.

| ${placements} placements | fleet, s | raw, s | ratio | budget |
| --- | --- | --- | --- | --- |
${rowsOf(comparison, '', { first: '1.3', column: '1.5' })}
${rowsOf(durable, ', with fsync', { first: 'none', column: 'none' })}

| placements | made since the size before, s | nothing to do, s | status, s | memory of the three, MiB |
| --- | --- | --- | --- | --- |
${growth.sizes
  .map(
    ({ placements: size, migrate, nothingToDo, status }) =>
      `| ${size} | ${seconds([migrate.durationMs])} | ${seconds([nothingToDo.durationMs])} | ${seconds([status.durationMs])} | ${[migrate, nothingToDo, status].map(({ memoryMiB }) => memoryMiB.toFixed(0)).join(', ')} |`,
  )
  .join('\n')}

These are commands of the built migrator, as its image runs them, with the start of the process. Budgets: nothing to do ≤ 3 s, status ≤ 2 s, memory ≤ 300 MiB (the most
that the process has had). A column more in all
${largest?.placements ?? 0} took ${seconds([growth.columnMs])} s.

![How long a run with nothing to do and status take](fleet.svg)
`;
}

function rowsOf(
  { rounds, ratios }: Comparison,
  suffix: string,
  budgets: Readonly<Record<'first' | 'column', string>>,
): string {
  const rowOf = (name: string, sides: readonly Sides[], ratio: number, budget: string): string => {
    const fleet = seconds(sides.map((side) => side.fleet));
    const raw = seconds(sides.map((side) => side.raw));
    const all = sides.map((side) => side.fleet / side.raw);
    const spread = `${Math.min(...all).toFixed(2)}–${Math.max(...all).toFixed(2)}`;
    return `| ${name}${suffix} | ${fleet} | ${raw} | ${ratio.toFixed(2)} (${spread}) | ${budget} |`;
  };
  const first = rounds.map(({ firstMs }) => firstMs);
  const column = rounds.map(({ columnMs }) => columnMs);
  return [
    rowOf('first migration', first, ratios.first, budgets.first),
    rowOf('a column more', column, ratios.column, budgets.column),
  ].join('\n');
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
