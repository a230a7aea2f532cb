import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Address, say } from '../database.ts';
import { withInstallation } from './installation.ts';
import type { Place } from './subject.ts';

const PROCESS = join(import.meta.dirname, '../tenants-process.ts');
const ROWS = 4;

/** What a process that reads by key has come to. */
interface Served {
  readonly latencyMs: number;
  readonly rssMiB: number;
  /** After a collection of what is not used any more. */
  readonly heapMiB: number;
}

/** The same work for few tenants and for many, in processes of their own, by turns. */
export interface TenantSeries {
  readonly few: readonly Served[];
  readonly many: readonly Served[];
}

export interface TenantEffort {
  readonly rounds: number;
  readonly few: number;
  readonly many: number;
}

/** Reads for each of the many at least once, and as often for the few, in one installation that has all of them. */
export function measureTenants(
  server: Address,
  { rounds, few, many }: TenantEffort,
): Promise<TenantSeries> {
  return withInstallation(server, { tenants: many, rows: ROWS }, async ({ shared }) => {
    const series: { few: Served[]; many: Served[] } = { few: [], many: [] };
    for (let round = 1; round <= rounds; round += 1) {
      say(`${few} and ${many} tenants, round ${round} of ${rounds}`);
      series.few.push(await serve(shared.place, few, many));
      series.many.push(await serve(shared.place, many, many));
    }
    return series;
  });
}

async function serve(place: Place, tenants: number, turns: number): Promise<Served> {
  const child = fork(PROCESS, [JSON.stringify(place), ...[tenants, turns, ROWS].map(String)]);
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const served = await Promise.race([once(child, 'message') as Promise<[Served]>, exit]);
  const [answer] = served;
  const [code] = await exit;
  if (code !== 0 || typeof answer !== 'object' || answer === null) {
    throw new Error(`The process for ${tenants} tenants has exited with ${code ?? 'a signal'}.`);
  }
  return answer;
}
