/** How exact the age of a weight is known. */
const STEP_MS = 1_000;

/** Its weight is that of the key and of what was forgotten in its favour, so it is too high by at most that. */
interface Counted {
  weight: number;
}

/**
 * Finds the keys of most weight among any number of them in bounded memory, by the Space-Saving algorithm (Metwally, Agrawal,
 * El Abbadi, 2005): a key that is not known takes the place, and the weight, of the lightest. Whoever has more than one part in
 * `capacity` of all weight is among them. Weights decay, so that it says who is heavy now.
 */
export class HeavyHitters {
  private readonly counted = new Map<string, Counted>();
  private decayedAt: number;

  /**
   * @param capacity how many keys are kept
   * @param halfLifeMs after which a weight counts half
   * @param now milliseconds of a clock that does not go back
   */
  constructor(
    private readonly capacity: number,
    private readonly halfLifeMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.decayedAt = now();
  }

  add(key: string, weight: number): void {
    this.decay();
    const known = this.counted.get(key);
    if (known) {
      known.weight += weight;
      return;
    }
    const inherited = this.counted.size < this.capacity ? 0 : this.forgetLightest();
    this.counted.set(key, { weight: inherited + weight });
  }

  /** The heaviest, heaviest first, with their weights as a rate per second. */
  top(count: number): readonly { readonly key: string; readonly perSecond: number }[] {
    this.decay();
    // What comes in at a constant rate weighs so many seconds of it in the end.
    const seconds = this.halfLifeMs / Math.LN2 / 1_000;
    return [...this.counted]
      .map(([key, { weight }]) => ({ key, perSecond: weight / seconds }))
      .toSorted((one, other) => other.perSecond - one.perSecond)
      .slice(0, count);
  }

  private decay(): void {
    const now = this.now();
    if (now - this.decayedAt < STEP_MS) {
      return;
    }
    const factor = 0.5 ** ((now - this.decayedAt) / this.halfLifeMs);
    this.decayedAt = now;
    for (const counted of this.counted.values()) {
      counted.weight *= factor;
    }
  }

  private forgetLightest(): number {
    let lightest: [key: string, weight: number] = ['', Infinity];
    for (const [key, { weight }] of this.counted) {
      if (weight < lightest[1]) {
        lightest = [key, weight];
      }
    }
    this.counted.delete(lightest[0]);
    return lightest[1];
  }
}
