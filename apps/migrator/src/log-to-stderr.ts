import { ConsoleLogger, Logger } from '@nestjs/common';
import { type CommonConfig, nestLevels } from '@tenantry/platform';

/** Sends what is logged to stderr: stdout is for the result. */
export function logToStderr({ logLevel, production }: CommonConfig): void {
  Logger.overrideLogger(new StderrLogger({ logLevels: nestLevels(logLevel), json: production }));
}

class StderrLogger extends ConsoleLogger {
  protected override printMessages(
    ...[messages, context, level, , ...rest]: Parameters<ConsoleLogger['printMessages']>
  ): void {
    super.printMessages(messages, context, level, 'stderr', ...rest);
  }
}
