import { EXIT } from './exit-codes.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Ends the process when it is asked to. Each target is a transaction, each operation a saga: what is stopped in the middle is
 * completed by the next run. A command that would rather finish what it is at can say so; being asked twice is enough.
 */
export class Interruption {
  private readonly controller = new AbortController();
  private finishes = false;

  constructor() {
    for (const signal of SIGNALS) {
      process.on(signal, this.interrupt);
    }
  }

  /** Is raised instead of ending the process, the first time. */
  toFinish(): AbortSignal {
    this.finishes = true;
    return this.controller.signal;
  }

  stopListening(): void {
    for (const signal of SIGNALS) {
      process.off(signal, this.interrupt);
    }
  }

  private readonly interrupt = (): void => {
    if (!this.finishes || this.controller.signal.aborted) {
      process.exit(EXIT.interrupted);
    }
    this.controller.abort();
  };
}
