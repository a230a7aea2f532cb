import {
  type Attributes,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

/** Without an SDK in the process all of this does nothing, and costs next to nothing. */
const tracer = trace.getTracer('tenantry');

/** Whether what is done here belongs to a trace that somebody records. */
export function isTraced(): boolean {
  return trace.getActiveSpan()?.isRecording() === true;
}

/** Of the trace that this belongs to. */
export function currentTraceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}

/** Says more of the span that this is done in. */
export function describeSpan(attributes: Attributes): void {
  trace.getActiveSpan()?.setAttributes(attributes);
}

/** Something has happened in the span that this is done in. */
export function addSpanEvent(name: string, attributes: Attributes): void {
  trace.getActiveSpan()?.addEvent(name, attributes);
}

/**
 * Does a piece of work in a span of its own. When it fails the span says of what kind that was, and no message: those may
 * quote values.
 */
export function inSpan<Result>(
  name: string,
  attributes: Attributes,
  work: () => Promise<Result>,
): Promise<Result> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work();
    } catch (error) {
      failed(span, error instanceof Error ? error.name : typeof error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Something that was asked of another system, and is over. */
interface ClientSpan {
  readonly name: string;
  readonly attributes: Attributes;
  /** As `Date.now()` has it. */
  readonly startTime: number;
  readonly durationMs: number;
  /** What kind of failure it was; none when it is empty. */
  readonly errorType: string;
}

export function recordClientSpan(client: ClientSpan): void {
  const { name, attributes, startTime, durationMs, errorType } = client;
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes, startTime });
  if (errorType !== '') {
    failed(span, errorType);
  }
  span.end(startTime + durationMs);
}

/** The span of a request, which goes on with the trace of whoever has sent it. */
export interface RequestSpan {
  readonly traceId: string | undefined;
  run(work: () => void): void;
  end(name: string, attributes: Attributes, failure: string): void;
}

/** @param headers where the caller's trace is told of, if there is one */
export function startRequestSpan(name: string, headers: object): RequestSpan {
  // What an SDK has begun by itself, where it instruments HTTP, is the request's.
  const begun = trace.getActiveSpan();
  const caller = begun ? context.active() : propagation.extract(context.active(), headers);
  const span = begun ?? tracer.startSpan(name, { kind: SpanKind.SERVER }, caller);
  const { traceId } = span.spanContext();
  return {
    traceId: trace.isSpanContextValid(span.spanContext()) ? traceId : undefined,
    run: (work) => {
      context.with(trace.setSpan(caller, span), work);
    },
    end: (route, attributes, failure) => {
      span.updateName(route).setAttributes(attributes);
      if (failure !== '') {
        failed(span, failure);
      }
      if (!begun) {
        span.end();
      }
    },
  };
}

function failed(span: Span, type: string): void {
  span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
}
