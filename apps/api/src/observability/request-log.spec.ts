import fc from 'fast-check';
import { type Api, ONE, startApi } from '../testing/api-harness.ts';
import { type LogLine, startApiProcess } from '../testing/api-process.ts';

/** In all that a client says, with whatever is awkward around it. */
const MARK = 'qzx';
const awkward = fc
  .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 })
  .map((text) => `${text}${MARK}'"\\$1 -- ${text}`);

let api: Api;
let text: string;
let lines: readonly LogLine[];

beforeAll(async () => {
  api = await startApi();
  const process = await startApiProcess(api, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'debug',
    DB_SLOW_QUERY_MS: '1',
    DB_QUERY_WARNING_COUNT: '2',
  });
  await process.call({
    path: '/projects?limit=5',
    tenant: 'alpha',
    headers: { 'x-request-id': 'a-read' },
  });
  await process.call({
    path: `/projects/${ONE}/tasks`,
    tenant: 'beta',
    headers: { 'x-request-id': 'a-write' },
    body: { title: 'One more' },
  });
  await fc.assert(
    fc.asyncProperty(awkward, fc.integer({ min: 1e6, max: 2e9 }), async (words, number) => {
      const title = words.replace(/[^ -~]/g, '');
      const search = encodeURIComponent(title);
      for (const what of [
        { path: `/projects?search=${search}` },
        { path: `/projects/${ONE}/tasks?search=${search}&label=${search.slice(0, 40)}` },
        { path: `/projects/${ONE}/tasks/${number}` },
        { path: `/projects/${ONE}/tasks`, body: { title, labels: [title.slice(0, 40)] } },
        { path: '/members', body: { email: `${MARK}${number}@example.com`, name: title } },
        { path: '/members', body: { email: title, name: title } },
        { path: '/members', body: `{ "name": "${title}` },
      ]) {
        await process.call({ ...what, tenant: 'alpha' });
      }
    }),
    { numRuns: 20 },
  );
  ({ text, lines } = await process.stop());
});

afterAll(() => api.stop());

const of = (id: string): readonly LogLine[] => lines.filter(({ reqId }) => reqId === id);

describe('the log', () => {
  it('has one line for a request, with whose it is and what it has cost', () => {
    expect(of('a-read').filter(({ responseTime }) => responseTime !== undefined)).toEqual([
      expect.objectContaining({
        msg: 'request completed',
        tenant: 'alpha',
        req: { id: 'a-read', method: 'GET', url: '/projects?limit=?' },
        res: { statusCode: 200 },
        responseTime: expect.any(Number) as number,
        queries: 2,
        databaseMs: expect.any(Number) as number,
      }),
    ]);
  });

  it('has all statements of a request under its id', () => {
    const statements = of('a-write').flatMap(({ query }) => query ?? []);
    const [line] = of('a-write').filter(({ responseTime }) => responseTime !== undefined);
    const asked = statements.filter((query) => !/^(?:begin|start|commit|rollback)/.test(query));

    expect(line?.queries).toBe(asked.length);
    expect(line?.databaseMs).toBeLessThanOrEqual(line!.responseTime! + 1);
  });

  it('warns once of a request that sends many statements, and says which it repeats', () => {
    const warnings = of('a-write').filter(({ mostRepeated }) => mostRepeated);

    expect(warnings).toEqual([
      expect.objectContaining({
        level: 40,
        tenant: 'beta',
        queries: of('a-write').find(({ responseTime }) => responseTime !== undefined)?.queries,
        mostRepeated: {
          text: expect.stringMatching(/^\w/) as string,
          count: expect.any(Number) as number,
        },
      }),
    ]);
    expect(of('a-read').some(({ mostRepeated }) => mostRepeated)).toBe(false);
  });

  it('has nothing of what users write, whatever that is', () => {
    expect(lines.length).toBeGreaterThan(500);
    expect(lines.some(({ msg }) => msg === 'slow query')).toBe(true);
    expect(text.split('\n').filter((line) => line.includes(MARK))).toEqual([]);
    expect(lines.filter(({ mostRepeated }) => mostRepeated?.text.includes(`'`))).toEqual([]);
    expect(lines.filter(({ query = '' }) => /\d{6}/.test(query.replace(/"[^"]+"/g, '')))).toEqual(
      [],
    );
  });
});
