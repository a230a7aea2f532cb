import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '@tenantry/platform';

/**
 * From now on spans are recorded, and sent to a collector in batches: what is instrumented goes by OpenTelemetry's API, and
 * this is the SDK behind it.
 * @returns what sends the rest and ends it
 */
export function exportTraces({
  endpoint,
  serviceName,
  ratio,
}: TracingConfig & { readonly endpoint: string }): () => Promise<void> {
  logProblems();
  const url = new URL('v1/traces', endpoint.endsWith('/') ? endpoint : `${endpoint}/`).href;
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': serviceName })),
    sampler: new ParentBasedSampler({ root: new UnlessProbed(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return async () => {
    await sendTheRest(provider);
    trace.disable();
    propagation.disable();
    context.disable();
  };
}

/** How long a collector is waited for when the process ends (milliseconds). */
const PATIENCE_MS = 2_000;

/** As far as the collector takes it: its absence is no reason not to end in an orderly way. */
async function sendTheRest(provider: TracerProvider): Promise<void> {
  const late = sleep(PATIENCE_MS, `no answer within ${PATIENCE_MS} ms`, { ref: false });
  const sent = provider.shutdown().then(
    () => undefined,
    (error: unknown) => String(error),
  );
  const problem = await Promise.race([sent, late]);
  if (problem !== undefined) {
    new Logger('Tracing').warn({ msg: 'traces cannot be sent', reason: problem });
  }
}

/** What asks every few seconds how the process is: nobody looks at how it was answered. */
const PROBES = /^\w+ \/(?:health\/|metrics$)/;

/** Keeps a part of the traces that begin here, and none of probes. */
class UnlessProbed implements Sampler {
  private readonly others: Sampler;

  constructor(ratio: number) {
    this.others = new TraceIdRatioBasedSampler(ratio);
  }

  shouldSample(...asked: Parameters<Sampler['shouldSample']>): SamplingResult {
    const [, , name] = asked;
    return PROBES.test(name)
      ? { decision: SamplingDecision.NOT_RECORD }
      : this.others.shouldSample(...asked);
  }

  toString(): string {
    return `UnlessProbed{${this.others.toString()}}`;
  }
}

/** A collector that is not there is nobody's failure but its own: it is said, and the spans are lost. */
function logProblems(): void {
  const logger = new Logger('Tracing');
  const warn = (message: string): void => {
    logger.warn({ msg: 'traces cannot be sent', reason: message });
  };
  const ignore = (): void => undefined;
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
