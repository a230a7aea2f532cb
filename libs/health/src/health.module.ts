import { MikroORM } from '@mikro-orm/postgresql';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { compileBuild, IsolationCheck, Outboxes, Probe } from '@tenantry/persistence';
import type { CommonConfig } from '@tenantry/platform';
import { indicatorsOf } from './indicators/indicators.ts';
import { PoolCheck } from './readiness/pool-check.ts';
import { Readiness } from './readiness/readiness.ts';
import { ServerCheck } from './readiness/server-check.ts';
import { HealthReport } from './report/health-report.ts';
import type { Indicator } from './report/indicator.ts';
import { Sampler } from './report/sampler.ts';
import { Startup } from './startup.ts';

export interface HealthOptions {
  /** More of them, of one's own. They are providers: what they are constructed with is injected. */
  readonly indicators?: readonly Type<Indicator>[];
  /** Modules that have what those are constructed with. */
  readonly imports?: DynamicModule['imports'];
  /** Whether samples are taken by themselves, from the start on. They are, unless this says otherwise. */
  readonly takesSamples?: boolean;
}

@Module({})
export class HealthModule {
  /** Within an application that has the `PersistenceModule`. */
  static forRoot(
    config: Pick<CommonConfig, 'production' | 'database'>,
    { indicators = [], imports = [], takesSamples = true }: HealthOptions = {},
  ): DynamicModule {
    const { url } = config.database;
    return {
      module: HealthModule,
      imports,
      providers: [
        ...indicators,
        Startup,
        PoolCheck,
        {
          provide: ServerCheck,
          useFactory: (orm: MikroORM) =>
            new ServerCheck(new Probe(url, 'readiness', 'reader'), compileBuild(orm)),
          inject: [MikroORM],
        },
        Readiness,
        {
          provide: Sampler,
          useFactory: (
            orm: MikroORM,
            outboxes: Outboxes,
            isolation: IsolationCheck,
            ...more: Indicator[]
          ) =>
            new Sampler(
              [...indicatorsOf(config, orm, outboxes, isolation), ...more],
              new Probe(url, 'samples', 'operator'),
              takesSamples,
            ),
          inject: [MikroORM, Outboxes, IsolationCheck, ...indicators],
        },
        HealthReport,
      ],
      exports: [Startup, Readiness, Sampler, HealthReport],
    };
  }
}
