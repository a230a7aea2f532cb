import type { DatabaseHealth, Observation, Status } from '@tenantry/health';
import pc from 'picocolors';
import { amount } from './amount.ts';
import { table } from './output.ts';

const MOST_OF_DETAIL = 200;

type Paint = (text: string) => string;

/** Only at a terminal, and only where nobody has said NO_COLOR. In a pipe `isTTY` is not there, and picocolors paints for CI. */
const COLORS = pc.createColors('isTTY' in process.stdout && pc.isColorSupported);

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

/** What it was compared with comes last: values are of all lengths. */
function columnsOf(check: string, observation: Observation): readonly string[] {
  const { status, name } = observation;
  const value = [valueOf(observation), limitsOf(observation)].filter(Boolean).join(' ');
  return [status, check, name, value];
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
  return typeof observedValue === 'number'
    ? amount(observedValue, observedUnit)
    : inWords(observedValue);
}

/** Such as `leaks 0, warnings 2`. */
function inWords(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(inWords).join('; ');
  }
  return typeof value === 'object' && value !== null
    ? Object.entries(value)
        .map(([name, each]) => `${name} ${inWords(each)}`)
        .join(', ')
    : String(value);
}

function limitsOf({ threshold, observedUnit }: Observation): string {
  if (threshold === undefined) {
    return '';
  }
  if (typeof threshold === 'string') {
    return `(should be ${threshold})`;
  }
  const { lowIsBad, ...limits } = threshold as { lowIsBad?: true; warn?: number; fail?: number };
  const from = lowIsBad ? 'below' : 'from';
  const words = Object.entries(limits).map(
    ([status, limit]) => `${status} ${from} ${amount(limit, observedUnit)}`,
  );
  return `(${words.join(', ')})`;
}

function totalsOf(statuses: readonly Status[]): string {
  return (['pass', 'warn', 'fail'] as const)
    .map((status) => `${statuses.filter((each) => each === status).length} ${status}`)
    .join(', ');
}
