import type { DatabaseHealth, Observation, Status } from '@tenantry/health';
import pc from 'picocolors';
import { table } from './output.ts';

const MOST_OF_DETAIL = 200;

type Paint = (text: string) => string;

/** Only at a terminal, and only where nobody has said NO_COLOR. */
const COLORS = pc.createColors(process.stdout.isTTY && pc.isColorSupported);

/** For people. */
export function linesOf(
  { status, readiness, checks }: DatabaseHealth,
  colors = COLORS,
): readonly string[] {
  const paints = { pass: colors.green, warn: colors.yellow, fail: colors.red };
  const rows = Object.entries(checks).flatMap(([check, all]) =>
    all.map((observation) => ({ check, observation })),
  );
  // The columns are made before they are painted: colour has a width, too.
  const lines = table(rows.map(({ check, observation }) => columnsOf(check, observation)));
  const isReady = readiness.state === 'ready';
  return [
    ...rows.flatMap(({ observation }, index) => [
      paintedStatus(lines[index] ?? '', paints[observation.status]),
      ...remarksOn(observation).map((line) => colors.dim(`      ${line}`)),
    ]),
    '',
    `${isReady ? 'Ready' : `Not ready: ${readiness.reason ?? readiness.state}`}. ${totalsOf(rows.map(({ observation }) => observation.status))}.`,
    paints[status](VERDICT[status]),
  ];
}

const VERDICT = {
  pass: 'The database is as it should be.',
  warn: 'Nothing fails; see what the warnings say.',
  fail: 'Something fails: see to that first.',
} as const satisfies Record<Status, string>;

function columnsOf(check: string, observation: Observation): readonly string[] {
  const { status, name, threshold } = observation;
  return [status, check, name, valueOf(observation), threshold ? `(${limitsOf(threshold)})` : ''];
}

function paintedStatus(line: string, paint: Paint): string {
  const [, status = '', rest = ''] = /^(\w+)(.*)$/.exec(line) ?? [];
  return `${paint(status)}${rest}`;
}

function remarksOn({ status, output, advice, detail }: Observation): readonly string[] {
  if (status === 'pass') {
    return [];
  }
  const details = detail === undefined ? '' : JSON.stringify(detail);
  return [output, details && shortened(details), advice && `→ ${advice}`].filter(
    (line): line is string => Boolean(line),
  );
}

function shortened(text: string): string {
  return text.length > MOST_OF_DETAIL ? `${text.slice(0, MOST_OF_DETAIL)}…` : text;
}

function valueOf({ observedValue, observedUnit }: Observation): string {
  if (observedValue === null) {
    return 'unknown';
  }
  const text = typeof observedValue === 'string' ? observedValue : JSON.stringify(observedValue);
  return observedUnit === undefined ? text : `${text} ${observedUnit}`;
}

function limitsOf(threshold: unknown): string {
  if (typeof threshold === 'string') {
    return `should be ${threshold}`;
  }
  const { warn, fail, lowIsBad } = threshold as { warn?: number; fail?: number; lowIsBad?: true };
  const from = lowIsBad ? 'below' : 'from';
  return [
    warn !== undefined && `warn ${from} ${warn}`,
    fail !== undefined && `fail ${from} ${fail}`,
  ]
    .filter(Boolean)
    .join(', ');
}

function totalsOf(statuses: readonly Status[]): string {
  return (['pass', 'warn', 'fail'] as const)
    .map((status) => `${statuses.filter((each) => each === status).length} ${status}`)
    .join(', ');
}
