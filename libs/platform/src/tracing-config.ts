import { z } from 'zod';

/** Where traces go, and which. */
export interface TracingConfig {
  /** Of a collector that takes OTLP by HTTP; without one there are no traces. */
  readonly endpoint: string | undefined;
  readonly serviceName: string;
  /** The part of traces that is kept, of those that no caller has decided about: from 0 to 1. */
  readonly ratio: number;
}

const RATIO = { error: 'must be a number from 0 to 1' };

/** Those of OpenTelemetry's variables that decide whether there are traces. Its exporter reads more of them. */
export const tracingVariables = z.object({
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an address, such as http://localhost:4318' })
    .optional(),
  OTEL_SERVICE_NAME: z.string().default('tenantry-api'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number(RATIO).min(0, RATIO).max(1, RATIO).default(1),
});

export function tracingConfig(env: z.infer<typeof tracingVariables>): TracingConfig {
  return {
    endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    serviceName: env.OTEL_SERVICE_NAME,
    ratio: env.OTEL_TRACES_SAMPLER_ARG,
  };
}
