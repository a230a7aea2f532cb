import type { Api } from './api-harness.ts';

/** One line of what Prometheus is told. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What Prometheus would read from the API now. */
export async function scrape(api: Pick<Api, 'call'>): Promise<readonly Series[]> {
  const { text } = await api.call({ path: '/metrics' });
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parsed);
}

/** The values that a label of a metric has. */
export function labelValues(
  all: readonly Series[],
  metric: string,
  label: string,
): readonly (string | undefined)[] {
  return [...new Set(all.filter(({ name }) => name === metric).map(({ labels }) => labels[label]))];
}

/** The sum of all series of a metric that have these labels. */
export function valueOf(
  all: readonly Series[],
  metric: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return all
    .filter(({ name }) => name === metric)
    .filter((series) =>
      Object.entries(labels).every(([key, value]) => series.labels[key] === value),
    )
    .reduce((sum, { value }) => sum + value, 0);
}

function parsed(line: string): Series {
  const [, name = '', all = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const labels = [...all.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return {
    name,
    labels: Object.fromEntries(labels.map(([, label, text]) => [label, text])) as Series['labels'],
    value: Number(value),
  };
}
