import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import { logToStderr } from './log-to-stderr.ts';
import { MigratorModule } from './migrator.module.ts';

/** Gives `work` the data access layer, connected as the app and, for making placements, as the owner. */
export async function withApplication<Result>(
  work: (application: INestApplicationContext, config: MigratorConfig) => Promise<Result>,
): Promise<Result> {
  const config = readMigratorConfig();
  logToStderr(config);
  const application = await NestFactory.createApplicationContext(MigratorModule.forRoot(config), {
    abortOnError: false,
    logger: ['fatal', 'error', 'warn'],
  });
  try {
    return await work(application, config);
  } finally {
    await application.close();
  }
}
