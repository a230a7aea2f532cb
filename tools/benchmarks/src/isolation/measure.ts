import type { PlacedTenant } from '@tenantry/persistence';
import { median } from '../database.ts';
import { type ScenarioName, scenarios, turnOf } from './scenarios.ts';
import type { Subject } from './subject.ts';

/** How often something is done. */
export interface Effort {
  /** One after the other. */
  readonly turns: number;
  /** So many clients at once, */
  readonly clients: number;
  /** and so many turns of each. */
  readonly turnsOfClient: number;
}

/** What a subject did in one round. */
export interface Sample {
  /** Median of the turns of a single client, in milliseconds. */
  readonly latencyMs: number;
  /** Turns in a second, of all clients. */
  readonly throughput: number;
}

/** Deals out turns, no two of them alike within a while. */
export class Turns {
  private taken = 0;

  constructor(
    private readonly tenants: readonly PlacedTenant[],
    private readonly rows: number,
  ) {}

  /** Takes the next one. @returns how long it took, in milliseconds */
  async take(subject: Subject, scenario: ScenarioName): Promise<number> {
    this.taken += 1;
    const turn = turnOf(this.tenants, this.rows, this.taken);
    const start = performance.now();
    await scenarios[scenario].run(subject, turn);
    return performance.now() - start;
  }
}

/** Does one scenario by one subject, first with one client, then with many. */
export async function measure(
  subject: Subject,
  scenario: ScenarioName,
  turns: Turns,
  effort: Effort,
): Promise<Sample> {
  const take = (): Promise<number> => turns.take(subject, scenario);
  const alone = await inTurn(effort.turns, take);
  const start = performance.now();
  await Promise.all(
    Array.from({ length: effort.clients }, () => inTurn(effort.turnsOfClient, take)),
  );
  const seconds = (performance.now() - start) / 1_000;
  return {
    latencyMs: median(alone),
    throughput: (effort.clients * effort.turnsOfClient) / seconds,
  };
}

async function inTurn(count: number, take: () => Promise<number>): Promise<readonly number[]> {
  const taken: number[] = [];
  for (let done = 0; done < count; done += 1) {
    taken.push(await take());
  }
  return taken;
}
