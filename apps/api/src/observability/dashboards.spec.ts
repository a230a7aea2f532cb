import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import {
  setMigrationCounts,
  setOutdatedSeeds,
  setParkedEvents,
  setWarmPlacements,
} from '@tenantry/platform';
import { parse } from 'yaml';
import { type Api, OPERATOR_TOKEN, startApi } from '../testing/api-harness.ts';
import { scrape, type Series } from '../testing/scrape.ts';

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>;
}
/** What an expression takes for granted of a metric. */
interface Selector {
  readonly metric: string;
  readonly labels: readonly { readonly name: string; readonly equals?: string | undefined }[];
}

const read = (path: string): string =>
  readFileSync(join(import.meta.dirname, '../../../..', path), 'utf8');
const { panels } = JSON.parse(read('deploy/grafana/tenantry.json')) as { panels: Panel[] };
const {
  groups: [{ rules }],
} = parse(read('deploy/prometheus/alerts.yaml')) as { groups: [{ rules: Rule[] }] };
const docs = read('docs/observability.md');

const shown = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);
const alerted = rules.map(({ alert, expr }) => [alert, expr] as const);

/** What Prometheus adds itself. */
const TARGET = ['job', 'instance'];
const UP: Series = { name: 'up', labels: { job: 'tenantry-api' }, value: 1 };

let api: Api;
let series: readonly Series[];
/** Of the metrics, as they are declared. */
let declared: readonly string[];

beforeAll(async () => {
  api = await startApi();
  await exercise();
  series = [...(await scrape(api)), UP];
  const { text } = await api.call({ path: '/metrics' });
  declared = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name);
});

afterAll(() => api.stop());

describe.each([
  ['the panel', shown],
  ['the alert', alerted],
] as const)('%s', (_what, expressions) => {
  it.each(expressions)('%s asks for metrics and labels that there are: %s', (_name, expression) => {
    const { selectors, grouped } = asked(expression);

    expect(selectors).not.toEqual([]);
    expect(selectors.flatMap(missing)).toEqual([]);
    const known = new Set(selectors.flatMap(({ metric }) => labelsOf(metric)));
    expect(grouped.filter((label) => !known.has(label) && !TARGET.includes(label))).toEqual([]);
  });
});

describe('an expression that asks for something that is not there', () => {
  it.each([
    ['rate(db_client_operations_total[5m])', ['db_client_operations_total']],
    ['up{tenant="acme"}', ['up{tenant}']],
    [
      'tenantry_units_of_work_total{outcome="lost"}',
      ['tenantry_units_of_work_total{outcome="lost"}'],
    ],
  ])('%s is found out', (expression, expected) => {
    expect(asked(expression).selectors.flatMap(missing)).toEqual(expected);
  });

  it('is found out when it cannot be parsed', () => {
    expect(() => asked('sum by (le (up)')).toThrow('cannot be parsed');
  });
});

describe('each alert', () => {
  it.each(rules)('$alert says what it is about, how bad it is, and what to do', (rule) => {
    const { summary, description, runbook_url: runbook } = rule.annotations;

    expect([summary, description].every((text) => text.length > 10)).toBe(true);
    expect(['critical', 'warning']).toContain(rule.labels.severity);
    expect(runbook).toBe(`docs/observability.md#${rule.alert.toLowerCase()}`);
    expect(docs.split('\n')).toContain(`### ${rule.alert}`);
  });

  it('has a name of its own', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});

describe('the documentation', () => {
  it('lists all metrics, and no others', () => {
    const listed = [...docs.matchAll(/^\| `(\w+)` +\| (?:histogram|counter|gauge) /gm)];
    const own = declared.filter((name) => !/^(?:process|nodejs)_/.test(name));

    expect(listed.map(([, name]) => name).toSorted()).toEqual(own.toSorted());
  });

  it('lists the labels of each', () => {
    for (const name of declared.filter((each) => !/^(?:process|nodejs)_/.test(each))) {
      const [row = ''] = docs.split('\n').filter((line) => line.startsWith(`| \`${name}\``));
      const labels = labelsOf(name).filter((label) => label !== 'le');

      expect([name, labels.filter((label) => !row.includes(`\`${label}\``))]).toEqual([name, []]);
    }
  });
});

describe('an API that does what it is for', () => {
  it('has refused nothing, lost nothing and parked nothing', () => {
    const alarming = series.filter(
      ({ name, labels, value }) =>
        value > 0 &&
        (/isolation_refusals|connections_leaked|timeouts_total/.test(name) ||
          labels['fate'] !== undefined ||
          labels['outcome'] === 'unknown'),
    );

    expect(alarming).toEqual([]);
  });
});

/** So that there is at least one of everything that is counted. */
async function exercise(): Promise<void> {
  const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` };
  await api.call({ path: '/projects', tenant: 'alpha' });
  await api.call({ path: '/projects', tenant: 'beta', body: { key: 'NEW', name: 'New' } });
  await api.call({ path: '/tenants', headers });
  await api.call({ path: '/health/ready' });
  // What the look at the whole fleet finds, now and then.
  setMigrationCounts({ pending: 1, failed: 0, outOfRange: 0 });
  setOutdatedSeeds(0);
  setWarmPlacements({ ready: 0, lagging: 0 });
  setParkedEvents(0);
}

function asked(expression: string): { selectors: Selector[]; grouped: string[] } {
  const text = expression.replaceAll('$__rate_interval', '5m');
  const selectors: Selector[] = [];
  const grouped: string[] = [];
  parser.parse(text).iterate({
    enter: ({ name, node, from, to }) => {
      if (node.type.isError) {
        throw new Error(`${expression} cannot be parsed at ${text.slice(from)}`);
      }
      if (name === 'VectorSelector') {
        const [, metric = '', matchers = ''] =
          /^(\w+)(?:\{(.*)\})?$/s.exec(text.slice(from, to)) ?? [];
        selectors.push({ metric, labels: labelsIn(matchers) });
      }
      if (name === 'LabelName' && node.parent?.name === 'GroupingLabels') {
        grouped.push(text.slice(from, to));
      }
    },
  });
  return { selectors, grouped };
}

function labelsIn(matchers: string): Selector['labels'] {
  return [...matchers.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map(
    ([, name = '', operator, value]) => ({ name, equals: operator === '=' ? value : undefined }),
  );
}

function labelsOf(metric: string): readonly string[] {
  const names = [metric, `${metric}_bucket`];
  return [
    ...new Set(
      series
        .filter(({ name }) => names.includes(name))
        .flatMap(({ labels }) => Object.keys(labels)),
    ),
  ];
}

function missing({ metric, labels }: Selector): string[] {
  const known = series.filter(({ name }) => name === metric);
  if (known.length === 0 && !declared.includes(metric)) {
    return [metric];
  }
  return labels
    .filter(({ name }) => !TARGET.includes(name))
    .flatMap(({ name, equals }) => {
      const values = known.map((each) => each.labels[name]).filter((value) => value !== undefined);
      if (values.length === 0) {
        return [`${metric}{${name}}`];
      }
      return equals === undefined || values.includes(equals)
        ? []
        : [`${metric}{${name}="${equals}"}`];
    });
}
