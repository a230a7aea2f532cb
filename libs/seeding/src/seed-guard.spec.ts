import { withFleet } from '@tenantry/persistence';
import type { SeedOptions } from './seed-run.ts';
import { SeedingRefused } from './seed-guard.ts';
import { type Seeding, startSeeding } from './testing/seeding-harness.ts';

let seeding: Seeding;
let database: string;

const start = async (): Promise<void> => {
  seeding = await startSeeding();
  database = new URL(seeding.config.database.url).pathname.slice(1);
};

const tenants = () => seeding.query('select slug from catalog.tenant order by slug');
/** Everything that production refuses. */
const HARMFUL: readonly [string, Partial<SeedOptions> & Pick<SeedOptions, 'profile'>][] = [
  ['demo data', { profile: 'demo' }],
  ['test data', { profile: 'test' }],
  ['a load', { profile: 'load' }],
  ['a file', { profile: 'import' }],
  ['demo data after a truncate', { profile: 'demo', fresh: true }],
  ['a truncate', { profile: 'reference', fresh: true }],
  ['overwriting', { profile: 'reference', overwrite: true }],
];
const typed = () => ({ allowProduction: true, database });
/** What somebody may have said, and not enough of it. */
const DOORS: readonly [string, () => Partial<SeedOptions>][] = [
  ['nothing said', () => ({})],
  ['the flag and no name', () => ({ allowProduction: true })],
  ['the name and no flag', () => ({ database })],
  ['the name mistyped', () => ({ allowProduction: true, database: `${database}x` })],
  ['the name in another case', () => ({ allowProduction: true, database: database.toUpperCase() })],
  ['an empty name', () => ({ allowProduction: true, database: '' })],
];

describe.each<[string, { production: boolean; marked: boolean }]>([
  ['production by NODE_ENV, on a new database', { production: true, marked: false }],
  ['production by its database, whatever NODE_ENV says', { production: false, marked: true }],
  ['production by both', { production: true, marked: true }],
])('in %s', (_where, { production, marked }) => {
  beforeAll(async () => {
    await start();
    await withFleet(seeding.config, (fleet) => fleet.migrate({ production: marked }));
    await seeding.makeTenant('hooli');
  });

  afterAll(() => seeding.stop());

  describe.each(HARMFUL)('%s', (_what, harmful) => {
    it.each(DOORS)('with %s is refused, before anything is touched', async (_door, said) => {
      const state = async () => [
        await tenants(),
        await seeding.query('select * from catalog.seed'),
      ];
      const before = await state();

      for (const seed of [seeding.seed, seeding.rehearse]) {
        await expect(seed(harmful.profile, { ...harmful, ...said(), production })).rejects.toThrow(
          SeedingRefused,
        );
      }

      expect(await state()).toEqual(before);
    });

    it('with the flag and the name of the database is done', async () => {
      await seeding.seed(harmful.profile, { ...harmful, ...typed(), production });
    });
  });

  it('the profile reference is seeded', async () => {
    const { tenants: behind, unchanged } = await seeding.seed('reference', { production });

    expect(behind.every(({ status }) => status === 'seeded')).toBe(true);
    expect(behind.length + unchanged).toBe((await tenants()).length);
  });
});

describe('outside of production', () => {
  beforeAll(start);

  afterAll(() => seeding.stop());

  it('nothing is refused, and no consent asked for', async () => {
    await withFleet(seeding.config, (fleet) => fleet.migrate());

    await seeding.seed('test');
    await seeding.seed('test', { fresh: true, overwrite: true });

    expect(await tenants()).toHaveLength(3);
  });
});

describe('the mark of production', () => {
  beforeAll(start);

  afterAll(() => seeding.stop());

  it('is made by the first migration there, and no later one takes it back', async () => {
    const since = () => seeding.query('select production_since from catalog.installation');
    await withFleet(seeding.config, (fleet) => fleet.migrate({ production: true }));
    const first = await since();
    expect(first).toHaveLength(1);

    await withFleet(seeding.config, (fleet) => fleet.migrate());
    await withFleet(seeding.config, (fleet) => fleet.migrate({ production: true }));

    expect(await since()).toEqual(first);
  });

  it('cannot be taken away by the app', async () => {
    await withFleet(seeding.config, (fleet) => fleet.migrate({ production: true }));

    const rows = await seeding.query(
      `select grantee, privilege_type from information_schema.table_privileges
       where table_schema = 'catalog' and table_name = 'installation' and grantee <> 'tenantry_owner' order by 1`,
    );
    expect(rows).toEqual(
      ['tenantry_operator', 'tenantry_reader'].map((grantee) => ({
        grantee,
        privilege_type: 'SELECT',
      })),
    );
  });
});
