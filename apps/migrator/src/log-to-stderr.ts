import { ConsoleLogger, Logger, type LogLevel } from '@nestjs/common';
import type { CommonConfig } from '@tenantry/platform';

const LEVELS: Readonly<Record<CommonConfig['logLevel'], LogLevel[]>> = {
  silent: [],
  fatal: ['fatal'],
  error: ['fatal', 'error'],
  warn: ['fatal', 'error', 'warn'],
  info: ['fatal', 'error', 'warn', 'log'],
  debug: ['fatal', 'error', 'warn', 'log', 'debug'],
  trace: ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'],
};

/** Sends what is logged to stderr: stdout is for the result. */
export function logToStderr({ logLevel, production }: CommonConfig): void {
  Logger.overrideLogger(new StderrLogger({ logLevels: LEVELS[logLevel], json: production }));
}

class StderrLogger extends ConsoleLogger {
  protected override printMessages(
    ...[messages, context, level, , ...rest]: Parameters<ConsoleLogger['printMessages']>
  ): void {
    super.printMessages(messages, context, level, 'stderr', ...rest);
  }
}
