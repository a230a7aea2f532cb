import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { barPlot } from '../bar-plot.ts';
import { type Verdict, judge, limitText } from './budgets.ts';
import { type Case, type Measurements, ratioOf, valuesOf } from './measurements.ts';
import type { SettingName } from './rounds.ts';
import { scenarioNames, scenarios } from './scenarios.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { SUBJECTS, type SubjectName } from './subject.ts';

const FOLDER = join(import.meta.dirname, '../../../../docs/benchmarks');
const LIBRARIES = ['@mikro-orm/core', '@prisma/client', 'drizzle-orm', 'typeorm', 'pg'] as const;
const RAW_FLOOR = 'raw pg, not isolated';
const ORM_FLOOR = 'MikroORM, not isolated';
const OTHERS = [
  'raw pg',
  'MikroORM',
  'Prisma',
  'Drizzle',
  'TypeORM',
] as const satisfies SubjectName[];

/** Prints what was measured and, unless it was a short run, keeps it in docs/benchmarks. */
export async function writeIsolationReport(
  measurements: Measurements,
  isShort: boolean,
): Promise<void> {
  const report = await reportOf(measurements);
  process.stdout.write(`\n${report}\n`);
  if (!isShort) {
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(FOLDER, 'isolation.md'), report);
    await writeFile(
      join(FOLDER, 'isolation.json'),
      `${JSON.stringify({ machine: await machine(measurements), ...measurements })}\n`,
    );
    await writeFile(join(FOLDER, 'isolation.svg'), plotOf(measurements));
  }
}

async function reportOf(measurements: Measurements): Promise<string> {
  const { size, rounds, effort, connections } = measurements;
  return `# What isolation costs

Made by \`nx run benchmarks:run\` in one run, on ${await machine(measurements)}. PostgreSQL is embedded, on the same machine, which others use too, on the
loopback interface and without fsync. Only ratios mean anything.

Everybody works on the tables and policies that this library's migrations make, with ${size.tenants} tenants that have the same ids, ${size.rows} members,
projects and tasks each, by a pool of ${connections} connections. Those that are not isolated are **floors** and no products: they connect as a login that bypasses
row security. All others connect as the app's login, which can do nothing before it has set a role, and have their documented recipe: a transaction with \`set_config\` first in it
(Prisma: its client extension, in a batch). MikroORM, isolated, is its own session context. Every statement of everybody has the tenant in its
condition. Before anything is timed, all have shown that their answers are right, that what they store is there and nobody else's
has changed, and that they see only their tenant's rows without a condition; while it is timed every answer is looked at.

${rounds} rounds; in each, all take turns in each scenario, and begin with another one each time: ${effort.turns} turns one after the other (latency is their median), then
${effort.clients} clients with ${effort.turnsOfClient} turns each (throughput). A ratio is the median of those of the rounds, with their quartiles in brackets. **+1 ms** is by way of a proxy with a
timer: a round trip took ${delayOf(measurements)} ms more.

${budgetTable(judge(measurements))}

![Time that a turn takes over raw pg without isolation, with a network of 1 ms](isolation.svg)

## Latency of one client, over ${ORM_FLOOR}

${(['0 ms', '+1 ms', 'dedicated'] as const).map((setting) => ratioTable(measurements, setting, ORM_FLOOR, SUBJECTS)).join('\n\n')}

## Throughput of Tenantry at ${effort.clients} clients, over that of others

More than 1 is faster.

${(['0 ms', '+1 ms'] as const).map((setting) => throughputTable(measurements, setting)).join('\n\n')}

## Where the time goes: round trips and messages

How often a turn waits for the server, and how many messages it sends, counted by the proxy. MikroORM sends queries by the simple protocol with the values in them, which is one
message; the others send parse, bind, describe, execute and sync.

${trafficTable(measurements)}
`;
}

async function machine({ postgresql }: Measurements): Promise<string> {
  const file = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8');
  const { dependencies } = JSON.parse(file) as { dependencies: Record<string, string> };
  const versions = LIBRARIES.map((name) => `${name} ${dependencies[name] ?? 'unknown'}`);
  return `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.versions.node}, PostgreSQL ${postgresql}, ${versions.join(', ')}`;
}

/** What the floor, which is one round trip, takes more. */
function delayOf(measurements: Measurements): string {
  const median = (setting: SettingName): number =>
    spreadOf(
      valuesOf(measurements, RAW_FLOOR, { setting, scenario: 'flatRead', metric: 'latencyMs' }),
    ).median;
  return (median('+1 ms') - median('0 ms')).toFixed(2);
}

function budgetTable(verdicts: readonly Verdict[]): string {
  return table(
    ['Tenantry', 'budget', 'measured', 'reached', 'fails beyond'],
    verdicts.map(({ figure, budget, today, measured, reached }) => [
      figure,
      limitText(budget),
      text(measured),
      reached ? 'yes' : `**no**, ${missedBy(budget, measured.median)}`,
      limitText(today),
    ]),
  );
}

function missedBy(limit: Verdict['budget'], median: number): string {
  const wanted = 'most' in limit ? limit.most : limit.least;
  const share = 'most' in limit ? median / wanted - 1 : 1 - median / wanted;
  return `by ${Math.round(share * 100)} %`;
}

function ratioTable(
  measurements: Measurements,
  setting: SettingName,
  over: SubjectName,
  subjects: readonly SubjectName[],
): string {
  const compared = subjects.filter((name) => name !== over);
  return table(
    [setting, ...compared],
    scenarioNames.map((scenario) => {
      const where: Case = { setting, scenario, metric: 'latencyMs' };
      return [
        scenarios[scenario].title,
        ...compared.map((name) => text(ratioOf(measurements, name, over, where))),
      ];
    }),
  );
}

function throughputTable(measurements: Measurements, setting: SettingName): string {
  return table(
    [setting, ...OTHERS],
    scenarioNames.map((scenario) => {
      const where: Case = { setting, scenario, metric: 'throughput' };
      return [
        scenarios[scenario].title,
        ...OTHERS.map((name) => text(ratioOf(measurements, 'Tenantry', name, where))),
      ];
    }),
  );
}

function trafficTable({ traffic }: Measurements): string {
  return table(
    ['round trips / messages', ...SUBJECTS],
    scenarioNames.map((scenario) => [
      scenarios[scenario].title,
      ...SUBJECTS.map((name) => {
        const found = traffic.find((one) => one.scenario === scenario && one.subject === name);
        return found ? `${found.roundTrips} / ${found.messages}` : '';
      }),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function text({ low, median, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
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
