import type { PlacedTenant } from '@tenantry/persistence';
import { median } from '../database.ts';
import { type ScenarioName, scenarios, turnOf } from './scenarios.ts';
import type { Subject } from './subject.ts';

/** How often something is done. */
export interface Effort {
  /** Of one client. */
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

/**
 * Does one scenario by all subjects. One client has them in turn, each time beginning with another one, so that what disturbs the
 * machine for a moment disturbs all; many clients have one subject after the other.
 * @returns the samples, by subject
 */
export async function measure(
  subjects: readonly Subject[],
  scenario: ScenarioName,
  turns: Turns,
  effort: Effort,
): Promise<ReadonlyMap<Subject, Sample>> {
  const latencies = new Map(subjects.map((subject) => [subject, [] as number[]]));
  for (let done = 0; done < effort.turns; done += 1) {
    for (const subject of rotated(subjects, done)) {
      latencies.get(subject)?.push(await turns.take(subject, scenario));
    }
  }
  const samples = new Map<Subject, Sample>();
  for (const [subject, taken] of latencies) {
    const throughput = await throughputOf(() => turns.take(subject, scenario), effort);
    samples.set(subject, { latencyMs: median(taken), throughput });
  }
  return samples;
}

export function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

/** Of clients that are there at once. */
export async function throughputOf(
  take: () => Promise<unknown>,
  { clients, turnsOfClient }: Omit<Effort, 'turns'>,
): Promise<number> {
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let done = 0; done < turnsOfClient; done += 1) {
        await take();
      }
    }),
  );
  return (1_000 * clients * turnsOfClient) / (performance.now() - start);
}
