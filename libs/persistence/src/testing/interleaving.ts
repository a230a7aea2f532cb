import { setTimeout as sleep } from 'node:timers/promises';

/** A source of numbers from 0 to 1 that are the same for the same seed: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of them, each as likely as its weight says. */
export function weighted<Name extends string>(
  weights: Readonly<Record<Name, number>>,
  random: () => number,
): Name {
  const entries = Object.entries<number>(weights) as [Name, number][];
  let rest = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  const chosen = entries.find(([, weight]) => (rest -= weight) < 0) ?? entries[0]!;
  return chosen[0];
}

/** Does a number of pieces of work, of which so many are under way at a time. */
export async function interleave(
  count: number,
  concurrency: number,
  work: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      await work(next++);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Waits no longer than this; the work goes on without anybody who waits for it. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, sleep(ms)]);
}
