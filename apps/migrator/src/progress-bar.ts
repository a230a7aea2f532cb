import type { RunEvent } from '@tenantry/persistence';
import { SingleBar } from 'cli-progress';

const FORMAT =
  '{bar} {value}/{total} placements, {rate}/s, {eta_formatted} left, {failed} failed{filled}';

/** How far a run is, on a terminal: how many placements are done, how fast, and how long the rest will take. */
export class ProgressBar {
  private readonly bar: SingleBar | undefined;
  private total = 0;
  private done = 0;
  private failed = 0;
  private start = 0;
  /** How many rows have been filled in where. */
  private readonly filled = new Map<string, number>();

  /** @param isWanted whether somebody looks */
  constructor(isWanted: boolean) {
    this.bar = isWanted
      ? new SingleBar({ format: FORMAT, stream: process.stderr, hideCursor: true, etaBuffer: 100 })
      : undefined;
  }

  show(event: RunEvent): void {
    if (event.type === 'waves') {
      this.begin(event.waves.reduce((sum, { placements }) => sum + placements, 0));
    } else if (event.type === 'placement' && this.total > 0) {
      this.done += 1;
      this.failed += event.outcome.status === 'failed' ? 1 : 0;
      this.bar?.update(this.done, this.payload);
    } else if (event.type === 'backfill') {
      this.filled.set(event.target, event.changed);
      this.bar?.update(this.done, this.payload);
    }
  }

  /** Leaves the terminal as it was. */
  stop(): void {
    this.bar?.stop();
  }

  private begin(placements: number): void {
    if (this.total === 0) {
      this.start = performance.now();
      this.bar?.start(placements, 0, this.payload);
    } else {
      this.bar?.setTotal(this.total + placements);
    }
    this.total += placements;
  }

  private get payload(): object {
    const seconds = (performance.now() - this.start) / 1_000;
    const rows = [...this.filled.values()].reduce((sum, changed) => sum + changed, 0);
    return {
      failed: this.failed,
      rate: seconds > 0 ? Math.round(this.done / seconds) : 0,
      filled: rows > 0 ? `, ${rows} rows filled in` : '',
    };
  }
}
