import { judge, limitText, type Verdict } from './budgets.ts';
import { type Case, type Measurements, ratioOf } from './measurements.ts';
import type { SettingName } from './rounds.ts';
import { scenarioNames, scenarios } from './scenarios.ts';
import { quotientOf, type Spread, spreadOf } from './statistics.ts';
import { SUBJECTS, type SubjectName } from './subject.ts';

const OTHERS = ['raw pg', 'MikroORM', 'Prisma', 'Drizzle', 'TypeORM'] as const;

/** What was wanted, what was measured, and what would be a regression. */
export function budgetTable(measurements: Measurements): string {
  return table(
    ['Tenantry', 'budget', 'measured', 'reached', '`check` fails beyond'],
    judge(measurements).map(({ figure, budget, today, measured, reached }) => [
      figure,
      limitText(budget),
      measured.where ? `${spreadText(measured)}: ${measured.where}` : spreadText(measured),
      reached ? 'yes' : `**no**, ${missedBy(budget, measured.median)}`,
      limitText(today),
    ]),
  );
}

function missedBy(limit: Verdict['budget'], median: number): string {
  return 'most' in limit
    ? `${Math.round((median / limit.most - 1) * 100)} % above`
    : `${Math.round((1 - median / limit.least) * 100)} % below`;
}

/** The latency of all over that of one. */
export function latencyTable(
  measurements: Measurements,
  setting: SettingName,
  over: SubjectName,
): string {
  const compared = SUBJECTS.filter((name) => name !== over);
  return scenarioTable(measurements, setting, compared, (name, where) =>
    ratioOf(measurements, name, over, { ...where, setting, metric: 'latencyMs' }),
  );
}

/** The throughput of Tenantry over that of all that keep tenants apart. */
export function throughputTable(measurements: Measurements, setting: SettingName): string {
  return scenarioTable(measurements, setting, OTHERS, (name, where) =>
    ratioOf(measurements, 'Tenantry', name, { ...where, setting, metric: 'throughput' }),
  );
}

function scenarioTable(
  { series }: Measurements,
  setting: SettingName,
  names: readonly SubjectName[],
  ratio: (name: SubjectName, where: Pick<Case, 'scenario'>) => Spread,
): string {
  const measured = scenarioNames.filter((scenario) =>
    series.some((one) => one.setting === setting && one.scenario === scenario),
  );
  return table(
    [setting, ...names],
    measured.map((scenario) => [
      scenarios[scenario].title,
      ...names.map((name) => spreadText(ratio(name, { scenario }))),
    ]),
  );
}

export function trafficTable({ traffic }: Measurements): string {
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

/** What is not of subjects and scenarios. */
export function otherTable({ http, provisioning, tenants }: Measurements): string {
  const { many, few } = tenants;
  const mebibytes = (served: typeof many, what: 'rssMiB' | 'heapMiB'): string =>
    spreadText(spreadOf(served.map((one) => one[what])));
  return table(
    ['', 'Tenantry', 'beside it', 'ratio'],
    [
      ...(['0 ms', '+1 ms'] as const).map((network) => {
        const { isolated, plain } = http[network];
        return [
          `GET /projects, ${network}, requests a second`,
          spreadText(spreadOf(isolated)),
          `${spreadText(spreadOf(plain))} without tenancy`,
          spreadText(quotientOf(isolated, plain)),
        ];
      }),
      [
        'dedicated schema, ms',
        spreadText(spreadOf(provisioning.tenantryMs)),
        `${spreadText(spreadOf(provisioning.rawMs))} by raw DDL`,
        spreadText(quotientOf(provisioning.tenantryMs, provisioning.rawMs)),
      ],
      [
        'dedicated schema from the warm pool, ms',
        spreadText(spreadOf(provisioning.takenMs)),
        `${spreadText(spreadOf(provisioning.rawMs))} by raw DDL`,
        spreadText(quotientOf(provisioning.takenMs, provisioning.rawMs)),
      ],
      [
        'tenant from the warm pool, from request to active, ms',
        spreadText(spreadOf(provisioning.warmTenantMs)),
        `${spreadText(spreadOf(provisioning.coldTenantMs))} with an empty pool`,
        spreadText(quotientOf(provisioning.warmTenantMs, provisioning.coldTenantMs)),
      ],
      ...(['rssMiB', 'heapMiB'] as const).map((what) => [
        `${what === 'rssMiB' ? 'memory' : 'heap'} with many tenants, MiB`,
        mebibytes(many, what),
        `${mebibytes(few, what)} with few`,
        spreadText(
          quotientOf(
            many.map((one) => one[what]),
            few.map((one) => one[what]),
          ),
        ),
      ]),
    ],
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

function spreadText({ low, median, high }: Spread): string {
  const digits = median < 100 ? 2 : 0;
  return `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}
