import { email, Member, newId } from '@tenantry/domain';
import { findPgBouncer, type PgBouncer, startPgBouncer } from '@tenantry/embedded-postgres';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import { PoolerInBetween } from '../migrations/run-lock.ts';
import { withFleet } from '../migrations/with-fleet.ts';
import { IsolationProver } from '../prover/isolation-prover.ts';
import {
  acme,
  connectPersistence,
  globex,
  initech,
  type Persistence,
  startPersistence,
  tenants,
} from '../testing/persistence-harness.ts';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';

const program = findPgBouncer();

if (program === undefined) {
  describe('behind PgBouncer', () => {
    it('is not shown here: PgBouncer is not installed (apt-get install pgbouncer)', () => {
      process.stderr.write(
        '\nNOT TESTED: what leaks behind a pooler. PgBouncer is not installed (apt-get install pgbouncer).\n\n',
      );

      // In CI nothing may be missing: .ci/install-pgbouncer installs it.
      expect({ program, mayBeMissing: !process.env['CI'] }).toEqual({
        program: undefined,
        mayBeMissing: true,
      });
    });
  });
} else {
  describe('behind PgBouncer, with one server connection for all clients,', () => {
    const memberId = newId<'Member'>();
    const clients: pg.Client[] = [];
    let server: Persistence;
    let pooler: PgBouncer | undefined;
    let config: MigratorConfig;

    beforeAll(async () => {
      server = await startPersistence();
      for (const tenant of tenants) {
        await addMembers(server, tenant);
      }
      pooler = await startPgBouncer(program, {
        DATABASE_URL: server.config.database.url,
        MIGRATOR_DATABASE_URL: server.config.ownerUrl,
      });
      config = readMigratorConfig({ ...pooler.address, DB_POOL_MAX: '1' });
    });

    afterEach(async () => {
      await Promise.all(clients.splice(0).map((client) => client.end()));
    });

    afterAll(async () => {
      await pooler?.stop();
      await server.stop();
    });

    const addMembers = (persistence: Persistence, tenant: PlacedTenant): Promise<void> =>
      persistence.as(tenant, async () => {
        persistence.members.add(
          new Member({ id: memberId, email: email('ada@example.com'), name: tenant.slug }),
        );
      });

    /** A client that knows nothing of Tenantry, with the app's login. */
    const plainClient = async (): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: config.database.url });
      await client.connect();
      clients.push(client);
      return client;
    };

    /** What is set on the one server connection. */
    const leftBehind = async (): Promise<object | undefined> => {
      const client = await plainClient();
      const { rows } = await client.query<object>(
        `select pg_backend_pid() as backend, nullif(current_setting('app.tenant_id', true), '') as tenant,
           current_user as role, current_setting('search_path') as path,
           current_setting('statement_timeout') as timeout`,
      );
      return rows[0];
    };

    describe('two processes of the app', () => {
      let processes: Persistence[];

      beforeEach(async () => {
        processes = await Promise.all([connectPersistence(config), connectPersistence(config)]);
      });

      afterEach(() => Promise.all(processes.map((each) => each.stop())));

      /** What each way of reading finds, and by which server process. */
      const read = (process: Persistence, tenant: PlacedTenant) =>
        process.as(tenant, async () => {
          const builder = process.orm.em.createQueryBuilder(Member).select('*');
          const [row] = await process.orm.em.execute<{ backend: number; names: string[] }[]>(
            'select pg_backend_pid() as backend, array_agg(name) as names from member',
          );
          const found = [
            (await process.members.getOrFail(memberId)).name,
            ...(await builder.execute<{ name: string }[]>()).map(({ name }) => name),
            ...(row?.names ?? []),
          ];
          return { backend: row?.backend, found };
        });

      it('that take turns for tenants with the same ids see their own rows only', async () => {
        const [one, other] = processes as [Persistence, Persistence];
        const backends = new Set<number | undefined>();

        for (let turn = 0; turn < 20; turn++) {
          for (const [process, tenant] of [
            [one, acme],
            [other, globex],
            [one, initech],
          ] as const) {
            const { backend, found } = await read(process, tenant);
            backends.add(backend);
            expect(found).toEqual([tenant.slug, tenant.slug, tenant.slug]);
          }
        }

        expect(backends.size).toBe(1);
      });

      it('that want it at the same time see their own rows only', async () => {
        const reads = Array.from({ length: 60 }, async (_, n) => {
          const tenant = tenants[n % tenants.length]!;
          return { tenant, ...(await read(processes[n % processes.length]!, tenant)) };
        });

        const results = await Promise.all(reads);

        expect(new Set(results.map(({ backend }) => backend)).size).toBe(1);
        for (const { tenant, found } of results) {
          expect(found).toEqual([tenant.slug, tenant.slug, tenant.slug]);
        }
      });

      it('leave nothing behind on it, whether they commit or roll back', async () => {
        const untouched = await leftBehind();
        const [one] = processes as [Persistence];

        const { backend } = await read(one, acme);
        const afterCommit = await leftBehind();
        await expect(
          one.as(globex, () => one.orm.em.execute('select nonsense')),
        ).rejects.toMatchObject({ code: '42703' });
        const afterRollback = await leftBehind();

        expect(untouched).toMatchObject({ backend, tenant: null, role: 'tenantry_app' });
        expect(afterCommit).toEqual(untouched);
        expect(afterRollback).toEqual(untouched);
      });

      it('write for their own tenants only', async () => {
        const rename = (process: Persistence, tenant: PlacedTenant, name: string) =>
          process.as(tenant, async () => {
            (await process.members.getOrFail(memberId)).rename(name);
          });
        const [one, other] = processes as [Persistence, Persistence];

        await Promise.all([rename(one, acme, 'of acme'), rename(other, globex, 'of globex')]);

        expect(
          await server.asOwner(`select tenant_id as tenant, name from shared.member order by name`),
        ).toEqual([
          { tenant: acme.id, name: 'of acme' },
          { tenant: globex.id, name: 'of globex' },
        ]);
        await Promise.all([rename(one, acme, acme.slug), rename(other, globex, globex.slug)]);
      });
    });

    it.each([
      ['set', `set app.tenant_id = '${acme.id}'; set role tenantry_shared`],
      [
        'set_config',
        `select set_config('app.tenant_id', '${acme.id}', false), set_config('role', 'tenantry_shared', false)`,
      ],
    ])('what a client makes for its session by %s leaks to the next one', async (_how, sql) => {
      const careless = await plainClient();
      const next = await plainClient();

      await careless.query(sql);
      const { rows } = await next.query('select tenant_id, name from shared.member');
      await careless.query('reset role; reset app.tenant_id');

      expect(rows).toEqual([{ tenant_id: acme.id, name: acme.slug }]);
    });

    it('what a client has set for its session does not get into a scope of the app', async () => {
      const careless = await plainClient();
      const app = await connectPersistence(config);

      await careless.query(`set app.tenant_id = '${acme.id}'; set role tenantry_shared`);
      const names = await app.as(globex, () =>
        app.orm.em.execute<{ name: string }[]>('select name from member'),
      );
      await careless.query('reset role; reset app.tenant_id');
      await app.stop();

      expect(names).toEqual([{ name: globex.slug }]);
    });

    it('the name of a scope in the server’s activity is the next one’s no more', async () => {
      const app = await connectPersistence(config);
      const next = await plainClient();
      const name = `select current_setting('application_name') as name`;

      const during = await app.as(acme, () => app.orm.em.execute<{ name: string }[]>(name));
      const { rows } = await next.query<{ name: string }>(name);
      const again = await app.as(globex, () => app.orm.em.execute<{ name: string }[]>(name));
      await app.stop();

      expect([...during, ...again]).toEqual([
        { name: 'tenantry:acme' },
        { name: 'tenantry:globex' },
      ]);
      expect(rows[0]?.name).not.toContain('acme');
    });

    it('no attack of the prover succeeds, and it says that session-level settings leak', async () => {
      const app = await connectPersistence(config);
      const { context, entityManager, unitOfWork, members, projects } = app;
      const prover = new IsolationProver(context, entityManager, unitOfWork, members, projects);

      // The owner goes to the server itself, as migrations do.
      const report = await prover.prove({ ...config, ownerUrl: server.config.ownerUrl });
      await app.stop();

      expect(report.attacks.length).toBeGreaterThan(20);
      expect(report.attacks.filter(({ outcome }) => outcome === 'breached')).toEqual([]);
      expect(report.findings.filter(({ check }) => check === 'pooler')).toMatchObject([
        {
          severity: 'leak',
          problem: 'goes through a pooler that shows a client what another one has set',
        },
      ]);
    });

    it('migrations are refused, since their locks would be nobody’s', async () => {
      const run = withFleet(config, (fleet) => fleet.migrate());

      await expect(run).rejects.toThrow(PoolerInBetween);
      await expect(run).rejects.toThrow('Give it the address of the server itself');
      await expect(withFleet(config, (fleet) => fleet.baseline())).rejects.toThrow(PoolerInBetween);
    });
  });
}
