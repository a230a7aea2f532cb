import type { INestApplicationContext } from '@nestjs/common';
import { Logger } from '@nestjs/common';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Ends the process when it is told to, once what is under way is finished: with 0, or with 1 when that takes longer than
 * the grace period. What has no answer by then has not been acknowledged.
 * @param graceMs how long it may take
 */
export function endOnSignal(app: INestApplicationContext, graceMs: number): void {
  const logger = new Logger('Shutdown');
  let ending = false;
  const end = async (signal: string): Promise<void> => {
    setTimeout(() => {
      logger.error({
        msg: 'requests were still under way at the end of the grace period',
        graceMs,
      });
      process.exit(1);
    }, graceMs).unref();
    try {
      await app.close();
      logger.log({ msg: 'ended', signal });
      process.exit(0);
    } catch (error) {
      logger.error({ err: error, msg: 'could not end in an orderly way' });
      process.exit(1);
    }
  };
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // Whoever runs it may well say so twice, and to all processes of a group.
      if (!ending) {
        ending = true;
        void end(signal);
      }
    });
  }
}
