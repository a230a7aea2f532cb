import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseIndicator } from './database-indicator.ts';
import { DatabaseReport } from './database-report.ts';
import { MigrationsIndicator } from './migrations-indicator.ts';
import { Readiness } from './readiness.ts';

@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  providers: [DatabaseIndicator, MigrationsIndicator, Readiness, DatabaseReport],
  exports: [Readiness, DatabaseReport],
})
export class HealthModule {}
