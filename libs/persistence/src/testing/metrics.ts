import { readMetrics } from '@tenantry/platform';

/** What the metrics say now, each series by its name and labels. */
export async function metrics(): Promise<Readonly<Record<string, number>>> {
  const lines = (await readMetrics()).split('\n').filter((line) => /^[a-z]/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

/** By how much each series has changed meanwhile; those that have not are left out. */
export async function changeOf(
  work: () => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> {
  const before = await metrics();
  await work();
  const after = Object.entries(await metrics());
  return Object.fromEntries(
    after
      .map(([series, value]) => [series, value - (before[series] ?? 0)] as const)
      .filter(([, change]) => change !== 0),
  );
}
