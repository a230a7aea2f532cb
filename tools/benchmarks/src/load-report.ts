import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { LoadOptions } from '@tenantry/seeding';
import type { CopyRun } from './load-by-copy.ts';
import type { LoadRun } from './load-run.ts';

/** All that was measured in one run. */
export interface LoadMeasurements {
  readonly options: LoadOptions;
  readonly concurrency: number;
  readonly run: LoadRun;
  readonly copy: CopyRun;
}

const FOLDER = join(import.meta.dirname, '../../../docs/benchmarks');

/** Prints what was measured and, unless it was a short run, keeps it in docs/benchmarks. */
export async function writeLoadReport(
  measurements: LoadMeasurements,
  isShort: boolean,
): Promise<void> {
  const report = reportOf(measurements);
  process.stdout.write(`\n${report}\n`);
  if (!isShort) {
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(FOLDER, 'load.md'), report);
    await writeFile(join(FOLDER, 'load.json'), `${JSON.stringify(measurements, null, 2)}\n`);
  }
}

function reportOf({ options, concurrency, run, copy }: LoadMeasurements): string {
  const [cpu] = cpus();
  const { tenants, dedicated, skew } = options;
  return `# The profile \`load\`

Made by \`nx run benchmarks:load\`, in one run, on ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}) that are shared with the server, Node
${process.versions.node}, PostgreSQL embedded on the loopback interface and without fsync. ${whole(tenants)} tenants, ${dedicated} of them in placements of their own, ${whole(options.rows)} rows
by ${skew}, ${concurrency} tenants at once, each in transactions of its own scope, under row security. COPY is of the same rows, and the inboxes, ${whole(copy.rows)} in all, into the
same tables with the same indexes and constraints, truncated before: by one connection of a superuser, from files on the server. PostgreSQL refuses it to whom
row security binds, so no seeder can have it.

| | s | rows/s |
| --- | --- | --- |
| tenants | ${seconds(run.tenantsMs)} | ${rate(tenants, run.tenantsMs)} |
| rows, with inbox and ledger of each tenant | ${seconds(run.rowsMs)} | ${rate(copy.rows, run.rowsMs)} |
| COPY, median of ${copy.roundsMs.map(seconds).join(', ')} | ${seconds(copy.medianMs)} | ${rate(copy.rows, copy.medianMs)} |
| once more, with nothing to do | ${seconds(run.againMs)} | |

The seeders take ${(run.rowsMs / copy.medianMs).toFixed(2)} × as long as COPY.

| rows that are there | ${run.memory.map(({ share }) => `${Math.round(share * 100)} %`).join(' | ')} | the most at any time |
| --- | ${'--- | '.repeat(run.memory.length)}--- |
| memory of the process, MiB | ${run.memory.map(({ rssMiB }) => rssMiB.toFixed(0)).join(' | ')} | ${run.peakMiB.toFixed(0)} |
`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(1);
}

function rate(rows: number, milliseconds: number): string {
  return whole(Math.round((rows / milliseconds) * 1_000));
}

function whole(number: number): string {
  return number.toLocaleString('en');
}
