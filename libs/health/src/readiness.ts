import { Injectable, Logger, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService } from '@nestjs/terminus';
import { DatabaseIndicator } from './database-indicator.ts';
import { MigrationsIndicator } from './migrations-indicator.ts';

/** Whether this process can serve requests. The answer is for everybody, so it says no more; the log says why. */
@Injectable()
export class Readiness {
  private readonly logger = new Logger('Readiness');
  private wasReady = true;
  private draining = false;

  constructor(
    private readonly health: HealthCheckService,
    private readonly database: DatabaseIndicator,
    private readonly migrations: MigrationsIndicator,
  ) {}

  /** From now on it is not ready: the process is about to end. */
  drain(): void {
    this.draining = true;
  }

  async isReady(): Promise<boolean> {
    if (this.draining) {
      return false;
    }
    const problem = await this.problem();
    if (this.wasReady !== (problem === null)) {
      this.logger.warn(problem === null ? 'ready again' : { msg: 'not ready', ...problem });
    }
    this.wasReady = problem === null;
    return this.wasReady;
  }

  private async problem(): Promise<object | null> {
    try {
      await this.health.check([() => this.database.check(), () => this.migrations.check()]);
      return null;
    } catch (error) {
      return error instanceof ServiceUnavailableException
        ? { problem: error.getResponse() }
        : { problem: String(error) };
    }
  }
}
