import { Logger, type LoggerService } from '@nestjs/common';
import { nestLevels } from '@tenantry/platform';
import type { Api } from './api-harness.ts';

/** What has been logged since: queries are among the debug lines. */
export class LogRecorder implements LoggerService {
  readonly lines: unknown[] = [];
  readonly warnings: unknown[] = [];
  readonly debugLines: { readonly query?: string }[] = [];

  /** From now on the API logs to the new one only. */
  static of({ api }: Api): LogRecorder {
    const recorder = new LogRecorder();
    api.useLogger(recorder);
    Logger.overrideLogger(recorder);
    Logger.overrideLogger(nestLevels('debug'));
    return recorder;
  }

  warn(line: unknown): void {
    this.warnings.push(line);
  }

  debug(line: { query?: string }): void {
    this.debugLines.push(line);
  }

  /** How often the catalog has been asked for a tenant meanwhile. */
  async lookUpsOf(work: () => Promise<unknown>): Promise<number> {
    const before = this.debugLines.length;
    await work();
    return this.debugLines
      .slice(before)
      .filter(({ query }) => query?.startsWith('select') && query.includes('from tenant t')).length;
  }

  log(line: unknown): void {
    this.lines.push(line);
  }

  error(): void {
    return undefined;
  }
}
