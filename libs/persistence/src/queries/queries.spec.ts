import { setTimeout as sleep } from 'node:timers/promises';
import { MemberQueries, ProjectQueries } from '@tenantry/application';
import { email, Member, newId, Project, projectKey, type ProjectQuery } from '@tenantry/domain';
import { sql } from 'kysely';
import { messagesOf } from '../testing/messages.ts';
import { acme, globex, initech } from '../testing/persistence-harness.ts';
import { useUnitsOfWork } from '../testing/units-of-work.ts';
import { TenantContextMissing } from '../tenant-context/isolation-violation.ts';
import { TransactionManaged } from '../unit-of-work/transaction-errors.ts';
import { RowReader } from './row-reader.ts';
import { TenantQueries } from './tenant-queries.ts';

const units = useUnitsOfWork();
const { run } = units;
const tenants = [acme, globex, initech];
const within = <Result>(tenant: typeof acme, work: () => Promise<Result>): Promise<Result> =>
  units.persistence.context.run(tenant, work);
const projects = () => units.persistence.get(ProjectQueries);
const members = () => units.persistence.get(MemberQueries);
const ids = [newId<'Project'>(), newId<'Project'>(), newId<'Project'>()] as const;
const memberId = newId<'Member'>();

// The same ids in all of them.
beforeEach(async () => {
  await units.persistence.asOwner(
    'truncate shared.member, shared.project, shared.task, t_0190000000007000800000000000d1ce.member, t_0190000000007000800000000000d1ce.project, t_0190000000007000800000000000d1ce.task',
  );
  for (const tenant of tenants) {
    await within(tenant, () =>
      run(async () => {
        const { slug } = tenant;
        const [apollo, gemini, old] = ids.map(
          (id, index) =>
            new Project({
              id,
              key: projectKey(`P${index}`),
              name: `${slug} ${index}`,
              description: index === 1 ? `It's a \\rocket?` : '',
              settings: { color: '#ff0000' },
            }),
        ) as [Project, Project, Project];
        gemini.change({ status: 'on-hold' });
        old.archive();
        [apollo, gemini, old].forEach((project) => {
          units.persistence.projects.add(project);
        });
        units.persistence.members.add(
          new Member({ id: memberId, email: email(`ada@example.com`), name: `ada of ${slug}` }),
        );
      }),
    );
  }
});

describe.each(tenants)('what screens show of $slug', (tenant) => {
  it.each<[string, Omit<ProjectQuery, 'limit'>]>([
    ['without a condition', {}],
    ['archived', { archived: true }],
    ['by status', { status: 'on-hold' }],
    ['by words', { search: 'rocket' }],
    ['by words that none has', { search: 'submarine' }],
    ['by what is no word', { search: `'; commit; -- ?` }],
    ['after one', { after: ids[0] }],
  ])('is its own projects, %s, as repositories have them', async (_how, query) => {
    for (const limit of [1, 10]) {
      const [shown, held] = await within(tenant, async () => [
        await projects().page({ ...query, limit }),
        await units.persistence.projects.page({ ...query, limit }),
      ]);

      expect(shown.next).toBe(held.next);
      expect(held.items).toMatchObject(shown.items.map((row) => ({ ...row })));
    }
  });

  it('is its own members', async () => {
    const { items } = await within(tenant, () => members().page({ limit: 10 }));

    expect(items).toEqual([
      {
        id: memberId,
        email: 'ada@example.com',
        name: `ada of ${tenant.slug}`,
        createdAt: expect.any(Date) as Date,
        updatedAt: expect.any(Date) as Date,
      },
    ]);
  });
});

describe('a query', () => {
  class Everything extends TenantQueries<{ member: { name: string } }> {
    /** Without the tenant in its condition. */
    names = async (): Promise<string[]> =>
      (await this.db.selectFrom('member').select('name').execute()).map(({ name }) => name);
    values = async (...values: unknown[]): Promise<unknown> => {
      const list = sql.join(values.map((value) => sql`${value}::text`));
      const { rows } = await sql<{ all: unknown }>`select array[${list}] as all`.execute(this.db);
      return rows[0]?.all;
    };
    write = (): Promise<unknown> =>
      sql`insert into member (name) values ('eve') returning name`.execute(this.db);
    begin = (): Promise<unknown> => this.db.transaction().execute(() => this.names());
  }
  const everything = (): Everything => new Everything(units.persistence.get(RowReader));

  it('is one message', async () => {
    await within(acme, everything().names);
    const messages = await messagesOf(() => within(acme, () => projects().page({ limit: 10 })));

    expect(messages).toEqual([expect.stringMatching(/^begin; .*; select .*; commit$/s)]);
  });

  it('that forgets the tenant has its rows all the same', async () => {
    for (const tenant of tenants) {
      expect(await within(tenant, everything().names)).toEqual([`ada of ${tenant.slug}`]);
    }
  });

  it('is in the scope in which it is asked, whichever it was built in', async () => {
    const queries = await within(acme, async () => everything());

    expect(await within(globex, queries.names)).toEqual(['ada of globex']);
    await expect(queries.names()).rejects.toThrow(TenantContextMissing);
    await expect(projects().page({ limit: 1 })).rejects.toThrow(TenantContextMissing);
    const asOperator = units.persistence.context.runAsOperator('a test', queries.names);
    await expect(asOperator).rejects.toThrow(/member/);
  });

  it('in a unit of work sees what that has done, and is undone with nothing', async () => {
    const names = await within(acme, () =>
      run(async () => {
        units.join('bob');
        await units.flush();
        return everything().names();
      }),
    );

    expect(names.sort()).toEqual(['ada of acme', 'bob']);
  });

  it('has its values in its text, whatever they are', async () => {
    const values = [`it's`, `\\'; reset role; --`, '$1', '?', '1', `"x"`, null];

    expect(await within(acme, () => everything().values(...values))).toEqual(values);
  });

  it('begins no transaction, and has no stream', async () => {
    await expect(within(acme, everything().begin)).rejects.toThrow(TransactionManaged);
  });

  it('writes nothing that row security would refuse', async () => {
    await expect(within(acme, everything().write)).rejects.toThrow(/row-level security/);
  });

  it('is told in terms of the domain why it was not answered', async () => {
    const limited = { ...acme, limits: { concurrency: 1, queue: 1, statementTimeoutMs: 50 } };
    const slow = within(limited, () => units.persistence.get(RowReader).rows('select pg_sleep(1)'));

    await expect(slow).rejects.toMatchObject({ kind: 'unavailable', code: 'too-slow' });
  });

  it('is asked again on another connection when its own is lost', async () => {
    const asked = within(acme, () =>
      units.persistence.get(RowReader).rows('select name, pg_sleep(0.5) from member'),
    );
    await sleep(200);
    const killed = await units.persistence.asOwner(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and query like '%pg_sleep(0.5)%' and pid <> pg_backend_pid()`,
    );

    expect(killed).toHaveLength(1);
    expect(await asked).toMatchObject([{ name: 'ada of acme' }]);
  });
});
