import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthModule, HealthReport } from '@tenantry/health';
import { PersistenceModule } from '@tenantry/persistence';
import { type CommonConfig, readCommonConfig } from '@tenantry/platform';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { linesOf } from '../health-lines.ts';
import { type OutputOptions, print } from '../output.ts';

/** What the API tells operators, looked at once, with the app's login: it needs no other. */
@Module({})
class DoctorModule {
  static forRoot(config: CommonConfig): DynamicModule {
    return {
      module: DoctorModule,
      imports: [
        PersistenceModule.forRoot(config.database),
        HealthModule.forRoot(config, { takesSamples: false }),
      ],
    };
  }
}

/** Says how the database is. Warnings are shown, and do not make it fail. */
export async function doctor(options: OutputOptions): Promise<ExitCode> {
  const config = readCommonConfig();
  const application = await NestFactory.createApplicationContext(DoctorModule.forRoot(config), {
    abortOnError: false,
    // What there is to say is in the report.
    logger: false,
  });
  try {
    const health = await application.get(HealthReport).examine();
    print(health, linesOf(health), options);
    return health.status === 'fail' ? EXIT.fatal : EXIT.done;
  } finally {
    await application.close();
  }
}
