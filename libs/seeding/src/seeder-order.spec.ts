import { BaseSeeder, type SeedResult } from './base.seeder.ts';
import { inOrder } from './seeder-order.ts';

class Named extends BaseSeeder {
  override readonly profiles = ['test'] as const;

  constructor(
    override readonly name: string,
    override readonly dependsOn: readonly string[] = [],
    override readonly scope: 'catalog' | 'tenant' = 'tenant',
  ) {
    super();
  }

  override size(): number {
    return 0;
  }

  override checksum(): string {
    return '';
  }

  override seed(): Promise<SeedResult> {
    return Promise.reject(new Error('not here'));
  }

  override truncate(): Promise<void> {
    return Promise.reject(new Error('not here'));
  }
}

const order = (...seeders: BaseSeeder[]): string =>
  inOrder(seeders)
    .map(({ name }) => name)
    .join(' ');

describe('seeders', () => {
  it('come after those that they depend on, and otherwise as they were given', () => {
    expect(
      order(
        new Named('tasks', ['projects', 'members']),
        new Named('labels'),
        new Named('projects', ['tenants']),
        new Named('members', ['tenants']),
        new Named('tenants', [], 'catalog'),
      ),
    ).toBe('tenants projects members tasks labels');
  });

  it('that depend on each other are refused, and the cycle is named', () => {
    expect(() =>
      order(
        new Named('d', ['a']),
        new Named('a', ['b']),
        new Named('b', ['c']),
        new Named('c', ['a']),
      ),
    ).toThrow('Seeders depend on each other: a → b → c → a.');
    expect(() => order(new Named('a', ['a']))).toThrow('a → a');
  });

  it('that depend on what there is not are refused', () => {
    expect(() => order(new Named('a', ['b']))).toThrow('a depends on b, which there is not.');
  });

  it('of the catalog cannot depend on what tenants get', () => {
    expect(() => order(new Named('a', ['b'], 'catalog'), new Named('b'))).toThrow(
      'a is seeded into the catalog, before any tenant: it cannot depend on b.',
    );
  });

  it('cannot have the same name', () => {
    expect(() => order(new Named('a'), new Named('a'))).toThrow('Two seeders are called a.');
  });
});
