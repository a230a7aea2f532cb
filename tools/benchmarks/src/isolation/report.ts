import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { barPlot } from '../bar-plot.ts';
import { type Measurements, ratioOf, valuesOf } from './measurements.ts';
import type { SettingName } from './rounds.ts';
import { scenarioNames, scenarios } from './scenarios.ts';
import { spreadOf } from './statistics.ts';
import { SUBJECTS } from './subject.ts';
import { budgetTable, latencyTable, otherTable, throughputTable, trafficTable } from './tables.ts';

const FOLDER = join(import.meta.dirname, '../../../../docs/benchmarks');
const LIBRARIES = ['@mikro-orm/core', '@prisma/client', 'drizzle-orm', 'typeorm', 'pg'] as const;
const RAW_FLOOR = 'raw pg, not isolated';
const ORM_FLOOR = 'MikroORM, not isolated';

/** Prints what was measured and, unless it was a short run, keeps it in docs/benchmarks. */
export async function writeIsolationReport(
  measurements: Measurements,
  isShort: boolean,
): Promise<void> {
  const machine = await machineOf(measurements);
  const report = reportOf(measurements, machine);
  process.stdout.write(`\n${report}\n`);
  if (!isShort) {
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(FOLDER, 'isolation.md'), report);
    const json = JSON.stringify({ machine, ...measurements }, rounded);
    await writeFile(join(FOLDER, 'isolation.json'), `${json}\n`);
    await writeFile(join(FOLDER, 'isolation.svg'), plotOf(measurements));
  }
}

function reportOf(measurements: Measurements, machine: string): string {
  const { size, rounds, effort, connections } = measurements;
  return `# What isolation costs

Made by \`nx run benchmarks:run\` in one run, on ${machine}. PostgreSQL is
embedded, on the same machine, which others use too, on the loopback interface and without fsync. Only ratios mean anything.

Everybody works on the tables and policies that this library's migrations make, with ${size.tenants} tenants that have the same ids, ${size.rows} members,
projects and tasks each, by a pool of ${connections} connections. Those that are **not isolated** are floors and no products: they connect as a login that
bypasses row security. All others connect as the app's login, which can do nothing before it has set a role, and have their documented recipe: a transaction
with \`set_config\` first in it (Prisma: its client extension, in a batch; MikroORM: its own session context). Every statement of everybody has the tenant
in its condition. Before anything is timed all have shown that their answers are right, that what they store is there and nobody else's has changed, and
that they see only their tenant's rows without a condition. While it is timed every answer is looked at. Tenantry alone verifies its COMMIT, leaves a
marker with what it writes and clears the connection of what was left on it.

${rounds} rounds, and each scenario in each of them: one client has all of them in turn, each ${effort.turns} times (latency is the median of those), then ${effort.clients} clients have one after the
other, each ${effort.turnsOfClient} times (throughput); another one is the first each time. A ratio is the median of those of the rounds, with their quartiles in brackets. **+1 ms** is by way of a
proxy with a timer: a round trip took ${delayOf(measurements)} ms more. **dedicated** is one tenant in a placement of its own.

## Budgets

Throughput over another library is that of the scenario, at 0 or +1 ms, in which it is least. A dedicated schema
is made when it is asked for, unless it is from the warm pool.

${budgetTable(measurements)}

![Time that a turn takes over raw pg without isolation, with a network of 1 ms](isolation.svg)

## Latency of one client, over ${ORM_FLOOR}

${(['0 ms', '+1 ms', 'dedicated'] as const).map((setting) => latencyTable(measurements, setting, ORM_FLOOR)).join('\n\n')}

## Throughput of Tenantry at ${effort.clients} clients, over that of others

More than 1 is faster.

${(['0 ms', '+1 ms', 'dedicated'] as const).map((setting) => throughputTable(measurements, setting)).join('\n\n')}

## Where the time goes: round trips and messages

How often a turn waits for the server, and how many messages it sends, counted by the proxy. MikroORM sends a query by the simple protocol with the values
in it, which is one message; the others send parse, bind, describe, execute and sync.

${trafficTable(measurements)}

## Beside it

GET /projects is the API's, beside one with the same framework, logging and schemas, MikroORM and no tenancy, each a process of its own. A dedicated schema is role,
schema, migrations and ledger, as the provisioner makes them, beside one message of the same DDL. One from the warm pool is all that finding it for a tenant
takes; a tenant is registered, placed, seeded and let in. Many tenants are 10,000, few are 10, in
the shared placement, by processes that read as often by key; the API's tenant directory is not in it.

${otherTable(measurements)}
`;
}

async function machineOf({ postgresql }: Measurements): Promise<string> {
  const dependencies = {
    ...(await dependenciesIn('../../package.json')),
    ...(await dependenciesIn('../../prisma/package.json')),
  };
  const versions = LIBRARIES.map((name) => `${name} ${dependencies[name] ?? 'unknown'}`);
  return `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}, PostgreSQL ${postgresql}, ${versions.join(', ')}`;
}

async function dependenciesIn(path: string): Promise<Record<string, string>> {
  const file = await readFile(join(import.meta.dirname, path), 'utf8');
  return (JSON.parse(file) as { dependencies: Record<string, string> }).dependencies;
}

/** What the floor, which is one round trip, takes more. */
function delayOf(measurements: Measurements): string {
  const median = (setting: SettingName): number =>
    spreadOf(
      valuesOf(measurements, RAW_FLOOR, { setting, scenario: 'flatRead', metric: 'latencyMs' }),
    ).median;
  return (median('+1 ms') - median('0 ms')).toFixed(2);
}

/** No clock is better than that. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(5)) : value;
}

function plotOf(measurements: Measurements): string {
  const shown = SUBJECTS.filter((name) => name !== RAW_FLOOR);
  return barPlot({
    title: 'Time of a turn over raw pg without isolation, network of 1 ms',
    y: '×',
    categories: scenarioNames.map((scenario) => scenarios[scenario].title),
    bars: shown.map((name) => ({
      name,
      values: scenarioNames.map(
        (scenario) =>
          ratioOf(measurements, name, RAW_FLOOR, {
            setting: '+1 ms',
            scenario,
            metric: 'latencyMs',
          }).median,
      ),
    })),
  });
}
