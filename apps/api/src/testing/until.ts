import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again and again until it holds.
 * @param patienceMs for so long; by default for the two seconds after which each process knows of a change to a tenant
 * @throws {Error} where it does not hold after that
 */
export async function until(holds: () => Promise<boolean>, patienceMs = 2_000): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      throw new Error(`It did not come about within ${patienceMs} ms.`);
    }
    await sleep(20);
  }
}
