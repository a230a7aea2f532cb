import { record, takeEvents } from './domain-event.ts';
import { email } from './work/email.ts';
import { Member } from './work/member.ts';
import { Project } from './work/project.ts';
import { projectKey } from './work/project-key.ts';

const told = (aggregate: object): unknown[] =>
  takeEvents(aggregate).map(({ name, data }) => [name, data]);

describe('an aggregate', () => {
  it('tells what has happened to it, in order, with when and to what', () => {
    const begin = Date.now();
    const project = new Project({ key: projectKey('APOLLO'), name: 'Apollo' });
    project.addTask({ title: 'one' });
    const events = takeEvents(project);

    expect(events.map(({ name }) => name)).toEqual(['project.started', 'project.task-added']);
    expect(events.map(({ id }) => id)).toEqual(events.map(({ id }) => id).toSorted());
    for (const { aggregateId, occurredAt } of events) {
      expect(aggregateId).toBe(project.id);
      expect(occurredAt.getTime()).toBeGreaterThanOrEqual(begin);
    }
  });

  it('tells it once, and what happens since the next time', () => {
    const member = new Member({ email: email('ada@example.com'), name: 'Ada' });
    expect(told(member)).toEqual([['member.joined', {}]]);
    expect(told(member)).toEqual([]);

    member.leave();
    expect(told(member)).toEqual([['member.left', {}]]);
  });

  it('tells nothing of another one', () => {
    const [one, other] = ['ada', 'bob'].map(
      (name) => new Member({ email: email(`${name}@example.com`), name }),
    );
    takeEvents(one!);
    record(other!, { name: 'member.waved', data: { to: 'ada' } });

    expect(told(one!)).toEqual([]);
    expect(told(other!)).toHaveLength(2);
  });
});

describe('a project', () => {
  it('tells of changes of its status and its tasks, and not of what stays as it was', () => {
    const project = new Project({ key: projectKey('APOLLO'), name: 'Apollo' });
    const task = project.addTask({ title: 'one' });
    takeEvents(project);

    project.change({ status: 'active', name: 'Artemis' });
    project.changeTask(task, { title: 'uno' });
    expect(told(project)).toEqual([]);

    project.changeTask(task, { status: 'done' });
    project.changeTask(task, { status: 'done' });
    project.changeTask(task, { status: 'open' });
    project.changeTask(task, { status: 'done' });
    project.change({ status: 'completed' });
    project.archive();
    project.restore();
    expect(told(project)).toEqual([
      ['project.task-done', { number: 1 }],
      ['project.task-reopened', { number: 1 }],
      ['project.task-done', { number: 1 }],
      ['project.status-changed', { from: 'active', to: 'completed' }],
      ['project.archived', {}],
      ['project.restored', {}],
    ]);
  });

  it('tells nothing of what it refuses', () => {
    const project = new Project({ key: projectKey('APOLLO'), name: 'Apollo' });
    project.addTask({ title: 'one' });
    takeEvents(project);

    expect(() => {
      project.archive();
    }).toThrow();
    expect(told(project)).toEqual([]);
  });
});
