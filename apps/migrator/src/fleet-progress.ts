import type { RunEvent } from '@tenantry/persistence';
import { ProgressBar } from './progress-bar.ts';

const FORMAT =
  '{bar} {value}/{total} placements, {rate}/s, {eta_formatted} left, {failed} failed{filled}';

/** How far a run of the fleet is, on a terminal. */
export class FleetProgress {
  private readonly bar;
  private failed = 0;
  /** How many rows have been filled in where. */
  private readonly filled = new Map<string, number>();

  /** @param isWanted whether somebody looks */
  constructor(isWanted: boolean) {
    this.bar = new ProgressBar(FORMAT, isWanted);
  }

  show(event: RunEvent): void {
    if (event.type === 'waves') {
      this.bar.begin(
        event.waves.reduce((sum, { placements }) => sum + placements, 0),
        this.payload,
      );
    } else if (event.type === 'placement') {
      this.failed += event.outcome.status === 'failed' ? 1 : 0;
      this.bar.advance(1, this.payload);
    } else if (event.type === 'backfill') {
      this.filled.set(event.target, event.changed);
      this.bar.advance(0, this.payload);
    }
  }

  /** Leaves the terminal as it was. */
  stop(): void {
    this.bar.stop();
  }

  private get payload(): object {
    const rows = [...this.filled.values()].reduce((sum, changed) => sum + changed, 0);
    return { failed: this.failed, filled: rows > 0 ? `, ${rows} rows filled in` : '' };
  }
}
