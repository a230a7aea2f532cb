/** Counters of the server, at a time (seconds). */
export type Counters = Readonly<Record<string, number>> & { readonly at: number };

/** What has been added to counters since they were read the last time. */
export class Rate<Read extends Counters> {
  private last: Read | undefined;

  /** @returns by how much each has grown since; `null` the first time, and when they were reset meanwhile */
  since(read: Read): Read | null {
    const { last } = this;
    this.last = read;
    if (!last) {
      return null;
    }
    const grown = Object.entries(read).map(([name, value]) => [name, value - (last[name] ?? 0)]);
    const isReset = grown.some(([, by]) => Number(by) < 0);
    return isReset || read.at <= last.at ? null : (Object.fromEntries(grown) as Read);
  }
}
