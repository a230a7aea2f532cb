import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { type ApiConfig, collectProcessMetrics, type TracingConfig } from '@tenantry/platform';
import { MetricsAccess } from './metrics-access.ts';
import { MetricsController } from './metrics.controller.ts';

/** Sends what is left to be sent, and ends tracing. */
type StopTracing = () => Promise<void>;

const STOP_TRACING = Symbol('StopTracing');

/** Metrics for whoever asks, and traces for a collector where there is one. */
@Module({})
export class ObservabilityModule implements OnApplicationShutdown {
  constructor(@Inject(STOP_TRACING) private readonly stopTracing: StopTracing) {}

  static forRoot({ operatorToken, tracing }: ApiConfig): DynamicModule {
    collectProcessMetrics();
    return {
      module: ObservabilityModule,
      controllers: [MetricsController],
      providers: [
        { provide: MetricsAccess, useValue: new MetricsAccess(operatorToken) },
        { provide: STOP_TRACING, useFactory: () => startTracing(tracing) },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.stopTracing();
  }
}

async function startTracing({ endpoint, ...config }: TracingConfig): Promise<StopTracing> {
  if (endpoint === undefined) {
    return () => Promise.resolve();
  }
  // The SDK is loaded only where it is wanted.
  const { exportTraces } = await import('./export-traces.ts');
  return exportTraces({ endpoint, ...config });
}
