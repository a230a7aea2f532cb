import { Injectable, SetMetadata } from '@nestjs/common';
import { email, Member, MemberRepository } from '@tenantry/domain';
import {
  acme,
  globex,
  type Persistence,
  startPersistence,
} from '../testing/persistence-harness.ts';
import { Transactional } from './transactional.decorator.ts';
import { UnexpectedRollback } from './transaction-errors.ts';

@Injectable()
class Enrolment {
  constructor(private readonly members: MemberRepository) {}

  @Transactional()
  @SetMetadata('role', 'registrar')
  async enrol(...names: string[]): Promise<string[]> {
    for (const name of names) {
      this.members.add(new Member({ email: email(`${name}@example.com`), name }));
    }
    return Promise.resolve(names);
  }

  @Transactional()
  async enrolAllOr(failure: Error, ...names: string[]): Promise<void> {
    await this.enrol(...names);
    throw failure;
  }

  @Transactional()
  async swallow(failure: Error): Promise<void> {
    await this.enrol('ada');
    await this.enrolAllOr(failure, 'bob').catch(() => undefined);
  }

  @Transactional({ propagation: 'mandatory' })
  within(): Promise<string> {
    return Promise.resolve('within');
  }
}

let persistence: Persistence;
let enrolment: Enrolment;

beforeAll(async () => {
  persistence = await startPersistence();
  enrolment = new Enrolment(persistence.members);
});

beforeEach(() => persistence.asOwner('truncate shared.member cascade'));

afterAll(() => persistence.stop());

const names = (): Promise<unknown> =>
  persistence.asOwner('select name from shared.member order by name');

describe('a method with @Transactional()', () => {
  it('is a unit of work in the scope that it is called in', async () => {
    const given = await persistence.context.run(acme, () => enrolment.enrol('ada', 'bob'));
    await persistence.context.run(globex, () => enrolment.enrol('ada'));

    expect(given).toEqual(['ada', 'bob']);
    expect(await names()).toEqual([{ name: 'ada' }, { name: 'ada' }, { name: 'bob' }]);
  });

  it('stores nothing when it throws', async () => {
    const failure = new RangeError('no');

    await expect(
      persistence.context.run(acme, () => enrolment.enrolAllOr(failure, 'ada')),
    ).rejects.toBe(failure);
    expect(await names()).toEqual([]);
  });

  it('is one mechanism with the unit of work: one is a part of the other', async () => {
    await persistence.as(acme, async () => {
      expect(await enrolment.within()).toBe('within');
    });
    await expect(persistence.context.run(acme, () => enrolment.within())).rejects.toThrow(
      /transaction/,
    );
    await expect(
      persistence.context.run(acme, () => enrolment.swallow(new Error())),
    ).rejects.toThrow(UnexpectedRollback);
  });

  it('needs a scope', async () => {
    await expect(enrolment.enrol('ada')).rejects.toThrow('There is no tenant here');
  });

  it('keeps its name, and what other decorators know of it', () => {
    const { enrol } = Enrolment.prototype;

    expect(enrol.name).toBe('enrol');
    // As Nest asks for it.
    expect(Reflect.getMetadata('role', enrol)).toBe('registrar');
  });
});
