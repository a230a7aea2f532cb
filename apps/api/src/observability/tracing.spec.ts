import { placed, TenantContext, TransactionalService } from '@tenantry/persistence';
import { inSpan } from '@tenantry/platform';
import { type Api, startApi } from '../testing/api-harness.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../testing/otlp-receiver.ts';

const SERVER = 2;
const CLIENT = 3;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
let api: Api;

/** What the collector has when the API has sent the rest. */
let spans: readonly ReceivedSpan[];
let unsampled: readonly ReceivedSpan[];

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  api = await startApi({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
  await api.call({
    path: '/projects',
    tenant: 'alpha',
    headers: { traceparent: `00-${TRACE}-${CALLER}-01`, 'x-request-id': 'traced-1' },
    body: { key: 'TRC', name: 'Secret Name' },
  });
  await api.call({ path: '/projects?search=Secret', tenant: 'beta' });
  await api.call({
    path: '/members',
    tenant: 'alpha',
    headers: { traceparent: `00-${'1'.repeat(32)}-${CALLER}-00` },
  });
  await api.call({ path: '/health/ready' });
  await api.call({ path: '/metrics' });
  await inSpan('a job', {}, failingQuery).catch(() => undefined);
  await api.stop();
  ({ spans } = receiver);
  unsampled = spans.filter(({ traceId }) => traceId === '1'.repeat(32));
});

afterAll(() => {
  receiver.stop();
});

const failingQuery = (): Promise<unknown> =>
  api.api
    .get(TenantContext)
    .run(placed(api.tenants.alpha), () =>
      api.api
        .get(TransactionalService)
        .run((entityManager) => entityManager.execute(`select 'Secret'::int`)),
    );

const childrenOf = ({ spanId }: ReceivedSpan): readonly ReceivedSpan[] =>
  spans.filter(({ parentSpanId }) => parentSpanId === spanId);

function only(predicate: (span: ReceivedSpan) => boolean): ReceivedSpan {
  const found = spans.filter(predicate);
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe('the trace of a request', () => {
  it('goes on with that of its caller, in a span named for the route', () => {
    const request = only(({ parentSpanId }) => parentSpanId === CALLER);

    expect(request).toMatchObject({
      traceId: TRACE,
      kind: SERVER,
      name: 'POST /projects',
      service: 'tenantry-api',
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/projects',
        'http.response.status_code': 201,
        'tenantry.tenant': 'alpha',
        'tenantry.request_id': 'traced-1',
      },
    });
  });

  it('has each unit of work within the request, and each query within its unit of work', () => {
    const request = only(({ parentSpanId }) => parentSpanId === CALLER);
    const children = childrenOf(request);
    const ofTenant = children.find(({ attributes }) => attributes['tenantry.tenant'] === 'alpha');
    const queries = childrenOf(ofTenant!);

    // The look into the tenant directory is a query by itself, unless it knows the tenant.
    const units = children.filter(({ name }) => name !== 'SELECT');
    expect(units.map(({ name }) => name)).toEqual(['unit of work']);
    expect(new Set(queries.map(({ kind }) => kind))).toEqual(new Set([CLIENT]));
    expect(queries.map(({ name }) => name)).toEqual(expect.arrayContaining(['INSERT', 'COMMIT']));
    expect(queries.find(({ name }) => name === 'INSERT')?.attributes).toMatchObject({
      'db.system.name': 'postgresql',
      'db.operation.name': 'INSERT',
      'db.query.text': expect.stringMatching(
        /^insert into .*"project" .*values \(\?, …\)/,
      ) as string,
      'tenantry.tenant': 'alpha',
    });
    for (const span of queries) {
      expect(span.traceId).toBe(TRACE);
      expect(BigInt(span.startTimeUnixNano)).toBeLessThanOrEqual(BigInt(span.endTimeUnixNano));
    }
  });

  it('is one of its own where nobody has begun one', () => {
    const request = only(
      ({ name, attributes }) =>
        name === 'GET /projects' && attributes['tenantry.tenant'] === 'beta',
    );

    expect(request.parentSpanId ?? '').toBe('');
    expect(request.traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('is not recorded where its caller has decided so', () => {
    expect(unsampled).toEqual([]);
  });

  it('is not recorded for probes, nor what they do', () => {
    expect(spans.filter(({ name }) => /health|metrics/.test(name))).toEqual([]);
  });

  it('says how a query has failed', () => {
    const failed = spans.filter(
      ({ attributes }) => attributes['db.response.status_code'] !== undefined,
    );

    expect(failed.map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({
        'db.response.status_code': '22P02',
        'error.type': '22',
        'db.query.text': 'select ?::int',
      }),
    ]);
  });

  it('has no value in it', () => {
    expect(JSON.stringify(spans)).not.toMatch(/secret|TRC/i);
  });
});

describe('events that are delivered', () => {
  it('are a trace each, and looking for some is none', () => {
    const delivered = spans.filter(({ name }) => name === 'deliver project.started');

    expect(delivered.length).toBeGreaterThan(0);
    expect(delivered.every(({ parentSpanId = '' }) => parentSpanId === '')).toBe(true);
    const roots = spans.filter(({ parentSpanId = '' }) => parentSpanId === '');
    expect(roots.filter(({ name }) => !/^(?:GET|POST|deliver|a job)\b/.test(name))).toEqual([]);
  });
});
