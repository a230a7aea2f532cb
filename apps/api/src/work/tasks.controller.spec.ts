import { ADA, type Answer, type Api, ONE, startApi } from '../testing/api-harness.ts';

let api: Api;
const tenant = 'gamma';
const path = `/projects/${ONE}/tasks`;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const add = (body: object) => api.call({ path, tenant, body });
const numbersIn = (answer: Answer): number[] => answer.body.items.map(({ number }) => number);

describe('tasks', () => {
  it('get the next number of their project, and are called by it', async () => {
    const added = await add({ title: 'Paint it', labels: ['Red', 'red', 'fast'], assigneeId: ADA });

    expect(added).toMatchObject({
      status: 201,
      headers: { location: `${path}/2` },
      body: {
        number: 2,
        title: 'Paint it',
        status: 'open',
        labels: ['red', 'fast'],
        assigneeId: ADA,
      },
    });
    expect((await api.call({ path: `${path}/2`, tenant })).body).toEqual(added.body);
    expect((await api.call({ path: `/projects/${ONE}`, tenant })).body.openTaskCount).toBe(2);
  });

  it('that are added at once get a number each', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => add({ title: `At once ${i}` })),
    );

    const numbers = answers.map(({ body }) => body.number);
    expect(new Set(numbers).size).toBe(8);
    const { openTaskCount } = (await api.call({ path: `/projects/${ONE}`, tenant })).body;
    expect(openTaskCount).toBe(10);
  });

  it('are changed: moved on, given to someone, taken back', async () => {
    const change = (body: object) => api.call({ method: 'PATCH', path: `${path}/1`, tenant, body });

    expect(await change({ status: 'done' })).toMatchObject({
      status: 200,
      body: { status: 'done', assigneeId: ADA, title: 'Task of gamma' },
    });
    expect(await change({ assigneeId: null })).toMatchObject({
      body: { assigneeId: null, status: 'done' },
    });
    expect(await change({ status: 'open', labels: [] })).toMatchObject({
      body: { status: 'open', labels: [] },
    });
  });

  it('are found by words, label, status and assignee', async () => {
    expect(numbersIn(await api.call({ path: `${path}?search=paint`, tenant }))).toEqual([2]);
    expect(numbersIn(await api.call({ path: `${path}?label=Fast`, tenant }))).toEqual([2]);
    expect(numbersIn(await api.call({ path: `${path}?assignee=${ADA}`, tenant }))).toEqual([2]);
    expect(numbersIn(await api.call({ path: `${path}?status=done`, tenant }))).toEqual([]);
  });

  it('cannot be given to someone who is no member: of another tenant or of none', async () => {
    const { body: stranger } = await api.call({
      path: '/members',
      tenant: 'alpha',
      body: { email: 's@example.com', name: 'Stranger' },
    });

    const foreign = await add({ title: 'x', assigneeId: stranger.id });
    const nobodys = await add({ title: 'x', assigneeId: '01900000-0000-7000-8000-0000000000ee' });

    expect(foreign).toMatchObject({ status: 422, body: { code: 'assignee-unknown' } });
    expect({ ...foreign.body, requestId: '' }).toEqual({ ...nobodys.body, requestId: '' });
  });

  it('of a project that is not there are not there', async () => {
    const nowhere = '/projects/01900000-0000-7000-8000-0000000000ee/tasks';

    expect(await api.call({ path: nowhere, tenant })).toMatchObject({
      status: 404,
      body: { code: 'project-not-found' },
    });
    expect(await api.call({ path: nowhere, tenant, body: { title: 'x' } })).toMatchObject({
      status: 404,
    });
    expect(await api.call({ path: `${path}/999`, tenant })).toMatchObject({
      status: 404,
      body: { code: 'task-not-found' },
    });
  });
});
