import { SingleBar } from 'cli-progress';

/** How far something is, on a terminal: how much is done, how fast, and how long the rest will take. */
export class ProgressBar {
  private readonly bar: SingleBar | undefined;
  private total = 0;
  private done = 0;
  private start = 0;

  /**
   * @param format of cli-progress, with `{rate}` for how much is done in a second
   * @param isWanted whether somebody looks
   */
  constructor(format: string, isWanted: boolean) {
    this.bar = isWanted
      ? new SingleBar({ format, stream: process.stderr, hideCursor: true, etaBuffer: 100 })
      : undefined;
  }

  /** There is so much to be done; again when there is more. */
  begin(more: number, payload: object): void {
    if (this.total === 0) {
      this.start = performance.now();
      this.bar?.start(more, 0, this.withRate(payload));
    } else {
      this.bar?.setTotal(this.total + more);
    }
    this.total += more;
  }

  /** So much more is done, or something else is to be said. */
  advance(by: number, payload: object): void {
    if (this.total > 0) {
      this.done += by;
      this.bar?.update(this.done, this.withRate(payload));
    }
  }

  /** Leaves the terminal as it was. */
  stop(): void {
    this.bar?.stop();
  }

  private withRate(payload: object): object {
    const seconds = (performance.now() - this.start) / 1_000;
    return { ...payload, rate: seconds > 0 ? Math.round(this.done / seconds) : 0 };
  }
}
