import { EntityManager } from '@mikro-orm/postgresql';
import { type Api, type Call, ONE, startApi } from '../testing/api-harness.ts';
import { STATUS } from './problem.ts';

let api: Api;
const tenant = 'alpha';

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const json = { 'content-type': 'application/json' };
const nul = '\u0000';

describe('input that does not fit', () => {
  it.each<[string, Call, number, object?]>([
    [
      'a body that is no JSON',
      { path: '/members', headers: json, method: 'POST', body: '{"email":' },
      400,
    ],
    ['an empty body', { path: '/members', headers: json, method: 'POST', body: '' }, 400],
    ['no body at all', { path: '/members', method: 'POST' }, 400],
    [
      'a body of another type',
      { path: '/members', headers: { 'content-type': 'application/xml' }, body: 'hello' },
      415,
    ],
    ['a body that is too large', { path: '/members', body: { name: 'x'.repeat(300_000) } }, 413],
    ['an array for an object', { path: '/members', body: [] }, 400],
    [
      'a field that nobody knows',
      { path: '/members', body: { email: 'a@b.cd', name: 'x', admin: true } },
      400,
      { code: 'invalid-input' },
    ],
    [
      'a missing field',
      { path: '/members', body: { email: 'a@b.cd' } },
      400,
      { errors: [{ path: 'name', message: expect.any(String) as string }] },
    ],
    [
      'an address that is none',
      { path: '/members', body: { email: 'nobody', name: 'x' } },
      400,
      { code: 'invalid-email' },
    ],
    [
      'a name of spaces',
      { path: '/members', body: { email: 'a@b.cd', name: '  ' } },
      400,
      { code: 'invalid-member-name' },
    ],
    ['a NUL in a text', { path: '/members', body: { email: 'a@b.cd', name: `a${nul}b` } }, 400],
    [
      'half a surrogate pair',
      {
        path: '/members',
        headers: json,
        method: 'POST',
        body: '{"email":"a@b.cd","name":"\\ud800"}',
      },
      400,
    ],
    [
      '__proto__ in a body',
      {
        path: '/members',
        headers: json,
        method: 'POST',
        body: '{"__proto__":{"x":1},"email":"a@b.cd","name":"x"}',
      },
      400,
    ],
    [
      'a key in lower case',
      { path: '/projects', body: { key: 'abc', name: 'x' } },
      400,
      { code: 'invalid-project-key' },
    ],
    [
      'a color that is none',
      { path: '/projects', body: { key: 'ABC', name: 'x', settings: { color: 'red' } } },
      400,
    ],
    [
      'a setting that nobody knows',
      { path: '/projects', body: { key: 'ABC', name: 'x', settings: { [nul]: 1 } } },
      400,
    ],
    ['an id that is none', { path: '/projects/1' }, 400],
    ['an id with a NUL', { path: '/projects/%00' }, 400],
    ['an id that is badly encoded', { path: '/projects/%ff' }, 400],
    ['a task number that is none', { path: `/projects/${ONE}/tasks/one` }, 400],
    [
      'a task number that is too large',
      { path: `/projects/${ONE}/tasks/99999999999999999999` },
      400,
    ],
    [
      'labels that are no texts',
      { path: `/projects/${ONE}/tasks`, body: { title: 'x', labels: [{}] } },
      400,
    ],
    [
      'too many labels',
      {
        path: `/projects/${ONE}/tasks`,
        body: { title: 'x', labels: Array.from({ length: 21 }, (_, i) => `l${i}`) },
      },
      400,
    ],
    ['a limit of nothing', { path: '/projects?limit=0' }, 400],
    ['a limit that is too large', { path: '/projects?limit=101' }, 400],
    ['a limit that is no number', { path: '/projects?limit=many' }, 400],
    ['a limit twice', { path: '/projects?limit=1&limit=2' }, 400],
    ['a cursor that is none', { path: '/projects?after=abc' }, 400],
    ['a condition that nobody knows', { path: '/projects?serach=x' }, 400],
    ['a search with a NUL', { path: '/projects?search=%00' }, 400],
    ['a flag that is none', { path: '/projects?archived=maybe' }, 400],
    ['a route that is none', { path: '/nothing' }, 404],
    ['a method that is none', { path: '/projects', method: 'DELETE' }, 404],
  ])('%s is refused, and said to be', async (_what, call, status, problem = {}) => {
    const answer = await api.call({ tenant, ...call });

    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body).toMatchObject({
      type: 'about:blank',
      status,
      title: expect.any(String) as string,
      detail: expect.any(String) as string,
      ...problem,
    });
  });
});

describe('the id of a request', () => {
  it('is the caller’s own, in the response and in a problem', async () => {
    const answer = await api.call({ path: '/nothing', headers: { 'x-request-id': 'my-id-1' } });

    expect(answer.headers['x-request-id']).toBe('my-id-1');
    expect(answer.body.requestId).toBe('my-id-1');
  });

  it.each(['', 'a b', 'x'.repeat(101), '<script>'])('is a new one instead of %j', async (given) => {
    const answer = await api.call({ path: '/nothing', headers: { 'x-request-id': given } });

    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.body.requestId).toBe(answer.headers['x-request-id']);
  });
});

describe('what nobody expected', () => {
  it('is said to be our fault, and nothing more', async () => {
    const broken = await startApi();
    const entityManager = broken.api.get(EntityManager);
    entityManager.transactional = () => Promise.reject(new Error('select * from secrets'));

    const answer = await broken.call({ path: `/projects/${ONE}`, tenant });

    await broken.stop();
    expect(answer).toMatchObject({
      status: 500,
      body: { code: 'internal-server-error', title: 'Internal Server Error' },
    });
    expect(answer.text).not.toContain('secrets');
  });
});

describe('the table of error kinds', () => {
  it('has a status of its own for each', () => {
    expect(Object.values(STATUS)).toEqual([400, 401, 403, 404, 409, 412, 422, 429, 503, 499, 504]);
  });
});
