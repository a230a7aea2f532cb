import { InvalidValue, RuleViolation, StaleVersion } from '../domain-error.ts';
import { email } from './email.ts';
import { Member } from './member.ts';
import { type NewProject, Project } from './project.ts';
import { projectKey } from './project-key.ts';
import type { NewTask } from './task.ts';

const aProject = (more: Partial<NewProject> = {}): Project =>
  new Project({ key: projectKey('APOLLO'), name: 'Apollo', ...more });

function aProjectWith(...tasks: (string | NewTask)[]): Project {
  const project = aProject();
  for (const task of tasks) {
    project.addTask(typeof task === 'string' ? { title: task } : task);
  }
  return project;
}

describe('a new project', () => {
  it('is active, empty and not archived', () => {
    expect(aProject()).toMatchObject({
      status: 'active',
      isArchived: false,
      openTaskCount: 0,
      lastTaskNumber: 0,
      version: 1,
    });
  });

  it('has an id of its own, which sorts after those before it', () => {
    const [first, second] = [aProject(), aProject()];

    expect(first.id < second.id).toBe(true);
  });

  it.each<[string, Partial<NewProject>]>([
    ['no name', { name: '   ' }],
    ['a name that is too long', { name: 'x'.repeat(201) }],
    ['a control character in its name', { name: 'a\u0000b' }],
    ['a description that is too long', { description: 'x'.repeat(10_001) }],
    ['a color that is none', { settings: { color: 'red' } }],
    ['an icon that is none', { settings: { icon: 'Rocket 1' } }],
  ])('with %s is refused', (_what, more) => {
    expect(() => aProject(more)).toThrow(InvalidValue);
  });

  it.each(['A', 'ABCDEFGHIJK', '1AB', 'abc', 'A B', ''])('cannot have the key %j', (key) => {
    expect(() => projectKey(key)).toThrow(InvalidValue);
  });
});

describe('tasks', () => {
  it('get numbers in order, and are counted while they are open', () => {
    const project = aProjectWith('one', { title: 'two', status: 'done' }, 'three');

    expect([...project.tasks].map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(project).toMatchObject({ lastTaskNumber: 3, openTaskCount: 2 });
  });

  it('are counted right as they are done and opened again', () => {
    const project = aProjectWith('one', 'two');
    const [one, two] = [...project.tasks];

    project.changeTask(one!, { status: 'done' });
    expect(project.openTaskCount).toBe(1);
    project.changeTask(one!, { status: 'done' });
    expect(project.openTaskCount).toBe(1);
    project.changeTask(two!, { status: 'in-progress' });
    expect(project.openTaskCount).toBe(1);
    project.changeTask(one!, { status: 'open' });
    expect(project.openTaskCount).toBe(2);
  });

  it('change only in what is said', () => {
    const ada = new Member({ email: email('ada@example.com'), name: 'Ada' });
    const project = aProjectWith({ title: 'one', labels: ['a'], assignee: ada });
    const [task] = [...project.tasks];

    project.changeTask(task!, { title: ' uno ' });
    expect(task).toMatchObject({ title: 'uno', labels: ['a'], assignee: ada, status: 'open' });
    project.changeTask(task!, { assignee: null, labels: [] });
    expect(task).toMatchObject({ title: 'uno', labels: [], assignee: null });
  });

  it('have labels without repetition, in lower case', () => {
    const [task] = [
      ...aProjectWith({ title: 'x', labels: [' Bug', 'bug', 'höchste Priorität'] }).tasks,
    ];

    expect(task!.labels).toEqual(['bug', 'höchste priorität']);
  });

  it.each<[string, NewTask]>([
    ['no title', { title: '' }],
    ['a title that is too long', { title: 'x'.repeat(501) }],
    ['an empty label', { title: 'x', labels: [''] }],
    ['a label with a comma', { title: 'x', labels: ['a,b'] }],
    ['too many labels', { title: 'x', labels: Array.from({ length: 21 }, (_, i) => `l${i}`) }],
  ])('with %s are refused', (_what, task) => {
    expect(() => aProjectWith(task)).toThrow(InvalidValue);
  });
});

describe('a project with open tasks', () => {
  it('is neither archived nor completed', () => {
    const project = aProjectWith('one');

    expect(() => {
      project.archive();
    }).toThrow(RuleViolation);
    expect(() => {
      project.change({ status: 'completed' });
    }).toThrow('still has 1 open tasks');
    expect(project).toMatchObject({ isArchived: false, status: 'active' });
  });
});

describe('a project that is archived', () => {
  const archived = (): Project => {
    const project = aProjectWith({ title: 'one', status: 'done' });
    project.archive();
    return project;
  };

  it('takes no new task and no change', () => {
    const project = archived();
    const [task] = [...project.tasks];

    expect(() => project.addTask({ title: 'two' })).toThrow(RuleViolation);
    expect(() => {
      project.change({ name: 'Other' });
    }).toThrow(RuleViolation);
    expect(() => {
      project.changeTask(task!, { title: 'other' });
    }).toThrow(RuleViolation);
    expect(() => {
      project.archive();
    }).toThrow(RuleViolation);
    expect(task!.title).toBe('one');
  });

  it('can be restored, once', () => {
    const project = archived();

    project.restore();
    expect(project.addTask({ title: 'two' }).number).toBe(2);
    expect(() => {
      project.restore();
    }).toThrow(RuleViolation);
  });
});

describe('a project that is completed', () => {
  it('takes no new task, and none of its tasks is opened again', () => {
    const project = aProjectWith({ title: 'one', status: 'done' });
    const [task] = [...project.tasks];
    project.change({ status: 'completed' });

    expect(() => project.addTask({ title: 'two' })).toThrow(RuleViolation);
    expect(() => {
      project.changeTask(task!, { status: 'open' });
    }).toThrow(RuleViolation);
    expect(task!.status).toBe('done');
    project.change({ status: 'active' });
    expect(project.addTask({ title: 'two' }).number).toBe(2);
  });
});

describe('a project at some version', () => {
  it('is not to be changed by someone who has seen another', () => {
    expect(() => {
      aProject().mustBeAt(1);
    }).not.toThrow();
    expect(() => {
      aProject().mustBeAt(2);
    }).toThrow(StaleVersion);
  });
});
