import { Test } from '@nestjs/testing';
import { CarryOutOperations, RegisterTenant, UnitOfWork } from '@tenantry/application';
import {
  email,
  Member,
  MemberRepository,
  ProjectRepository,
  slug,
  TenantRepository,
} from '@tenantry/domain';
import { createTestDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import {
  PersistenceModule,
  placed,
  ProvisioningModule,
  TenantContext,
  withFleet,
} from '@tenantry/persistence';
import { readMigratorConfig, type SeedProfile } from '@tenantry/platform';
import { DatabaseSeeder, SeedingRefused } from './database.seeder.ts';
import { OwnedDataSeeder } from './owned-data.seeder.ts';

let database: TestDatabase;
let seeder: DatabaseSeeder;
let get: <T>(token: abstract new (...parts: never[]) => T) => T;
let stop: () => Promise<void>;

beforeEach(async () => {
  database = await createTestDatabase((address) =>
    withFleet(readMigratorConfig({ ...address }), async (fleet) => {
      await fleet.migrate();
    }),
  );
  const config = readMigratorConfig({ ...database.address });
  const module = await Test.createTestingModule({
    imports: [
      PersistenceModule.forRoot(config.database),
      ProvisioningModule.forRoot(config, OwnedDataSeeder),
    ],
    providers: [OwnedDataSeeder, DatabaseSeeder],
  }).compile();
  seeder = module.get(DatabaseSeeder);
  get = (token) => module.get(token);
  stop = async () => {
    await module.close();
    await database.drop();
  };
});

afterEach(() => stop());

const seed = (profile: SeedProfile, more: { fresh?: boolean } = {}) =>
  seeder.run(profile, { production: false, ...more });
const asOperator = <T>(work: () => Promise<T>): Promise<T> =>
  get(TenantContext).runAsOperator('test', work);
const within = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const tenant = await asOperator(() => get(TenantRepository).findBySlug(slug(name)));
  return get(TenantContext).run(placed(tenant!), () => get(UnitOfWork).run(work));
};
const projectsOf = (name: string): Promise<string[]> =>
  within(name, async () =>
    (await get(ProjectRepository).page({ limit: 100 })).items.map(
      (project) => `${project.key} ${project.id.slice(-2)}`,
    ),
  );

describe('the profile demo', () => {
  it('makes acme and globex in the shared placement, and initech in one of its own', async () => {
    await seed('demo');

    const { items } = await asOperator(() => get(TenantRepository).page({ limit: 10 }));
    expect(
      items.map((tenant) => [tenant.slug, tenant.status, tenant.placement?.isolation]),
    ).toEqual([
      ['acme', 'active', 'shared'],
      ['globex', 'active', 'shared'],
      ['initech', 'active', 'schema'],
    ]);
  });

  it('gives tenants data of their own, under ids that are the same', async () => {
    await seed('demo');

    expect(await projectsOf('acme')).toEqual(expect.arrayContaining(['ROCKET 21', 'TUNNEL 22']));
    expect(await projectsOf('globex')).toEqual(expect.arrayContaining(['HAMMOCK 21', 'ROCKET 22']));
    expect(await projectsOf('initech')).toEqual(expect.arrayContaining(['TPS 21']));
  });

  it('a second time adds nothing', async () => {
    const first = await seed('demo');
    const before = await projectsOf('acme');

    expect(first.map(({ added }) => added)).toEqual([6, 4, 3]);
    expect((await seed('demo')).map(({ added }) => added)).toEqual([0, 0, 0]);
    expect(await projectsOf('acme')).toEqual(before);
  });

  it('leaves alone what people have changed, and adds what is missing', async () => {
    await seed('demo');
    await within('globex', async () => {
      const hank = await get(MemberRepository).findByEmail(email('hank@globex.example'));
      hank!.rename('The Boss');
      const rocket = await get(ProjectRepository).page({ search: 'ROCKET', limit: 1 });
      get(ProjectRepository).remove(rocket.items[0]!);
    });

    expect(await seed('demo')).toEqual([
      { tenant: 'acme', added: 0 },
      { tenant: 'globex', added: 1 },
      { tenant: 'initech', added: 0 },
    ]);
    expect(
      await within('globex', () => get(MemberRepository).findByEmail(email('hank@globex.example'))),
    ).toMatchObject({ name: 'The Boss' });
  });

  it('afresh removes what its tenants have, and nothing of others', async () => {
    await seed('test');
    await seed('demo');
    for (const name of ['acme', 'alpha']) {
      await within(name, async () => {
        get(MemberRepository).add(new Member({ email: email('new@example.com'), name: 'New' }));
      });
    }

    await seed('demo', { fresh: true });

    const found = (name: string) =>
      within(name, () => get(MemberRepository).findByEmail(email('new@example.com')));
    expect(await found('acme')).toBeNull();
    expect(await found('alpha')).not.toBeNull();
    expect(await projectsOf('initech')).toEqual(expect.arrayContaining(['TPS 21']));
  });
});

describe('the profile reference', () => {
  it('gives every tenant there is an inbox, and makes no tenant', async () => {
    await seed('reference');
    expect((await asOperator(() => get(TenantRepository).page({ limit: 10 }))).items).toEqual([]);

    await asOperator(async () => {
      await get(RegisterTenant).run({ slug: slug('hooli'), name: 'Hooli', isolation: 'schema' });
      await get(CarryOutOperations).due();
    });
    expect(await seeder.run('reference', { production: true })).toEqual([
      { tenant: 'hooli', added: 0 },
    ]);

    expect(
      await within('hooli', async () =>
        (await get(ProjectRepository).page({ limit: 9 })).items.map(({ key }) => key),
      ),
    ).toEqual(['INBOX']);
  });
});

describe('the profile test', () => {
  it('has three tenants whose ids are all the same', async () => {
    await seed('test');

    const ids = await Promise.all(['alpha', 'beta', 'gamma'].map((name) => projectsOf(name)));
    expect(ids.map((keys) => keys.filter((key) => key.startsWith('ONE')))).toEqual([
      ['ONE 21'],
      ['ONE 21'],
      ['ONE 21'],
    ]);
  });
});

describe('in production', () => {
  it.each<[SeedProfile, boolean]>([
    ['demo', false],
    ['test', false],
    ['demo', true],
    ['reference', true],
  ])(
    'the profile %s (afresh: %s) is refused, before anything is touched',
    async (profile, fresh) => {
      await expect(seeder.run(profile, { production: true, fresh })).rejects.toThrow(
        SeedingRefused,
      );

      expect((await asOperator(() => get(TenantRepository).page({ limit: 1 }))).items).toEqual([]);
    },
  );
});

describe('a seed that fails in the middle of a tenant', () => {
  it('leaves nothing of that tenant behind', async () => {
    await seed('demo');
    await within('acme', async () => {
      for (const member of (await get(MemberRepository).page({ limit: 9 })).items.slice(1)) {
        member.rename('kept');
      }
    });
    const members = get(MemberRepository);
    const projects = get(ProjectRepository);
    await within('globex', async () => {
      (await projects.page({ limit: 9 })).items.forEach((project) => {
        projects.remove(project);
      });
    });
    await within('globex', async () => {
      (await members.page({ limit: 9 })).items.forEach((member) => {
        members.remove(member);
      });
    });
    const findByKey = projects.findByKey.bind(projects);
    projects.findByKey = (key) =>
      key === 'HAMMOCK' ? Promise.reject(new Error('in the middle')) : findByKey(key);

    await expect(seed('demo')).rejects.toThrow('in the middle');

    projects.findByKey = findByKey;
    expect(await within('globex', () => members.page({ limit: 9 }))).toEqual({
      items: [],
      next: null,
    });
    expect(await projectsOf('globex')).toEqual([]);
  });
});
