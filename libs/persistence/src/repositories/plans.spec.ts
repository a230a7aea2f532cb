import { Placement, slug, Tenant } from '@tenantry/domain';
import { entityMappings, tenantMappings } from '../mapping/mappings.ts';
import { Outboxes } from '../outbox/outboxes.ts';
import { MikroTenantEraser } from '../provisioning/mikro-tenant-eraser.ts';
import {
  type ExplainedPersistence,
  startExplainedPersistence,
} from '../testing/plans/explained-persistence.ts';
import { idOf, large, small } from '../testing/plans/large-placement.ts';
import { MethodCoverage } from '../testing/plans/method-coverage.ts';
import type { ExplainedStatement } from '../testing/plans/plan-recorder.ts';
import { flawsOf, indexesOf, tablesOf, wasteOf } from '../testing/plans/plan.ts';
import { querySenders } from '../testing/plans/query-senders.ts';
import { recordSenders } from '../testing/plans/record-senders.ts';
import { repositorySenders } from '../testing/plans/repository-senders.ts';

const NO_ORDER =
  'a fifth of all rows is the tenant’s, so that ten of them, no matter which, are found soonest one by one';
/** What finds rows otherwise than by the tenant, and why. Nothing but MikroORM’s own methods, which the app does not use. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'members.findAndCount in no order': NO_ORDER,
  'projects.findAndCount in no order': NO_ORDER,
  'tasks.findAndCount in no order': NO_ORDER,
};

const LEAKY =
  'it is not leakproof, so PostgreSQL asks row security first: an index finds the tenant’s rows, and not those among them';
/** What reads many of the tenant’s own rows in vain, and why. */
const IN_VAIN: Readonly<Record<string, string>> = {
  'members.findAndCount in no order': NO_ORDER,
  'projects.findAndCount in no order': NO_ORDER,
  'tasks.findAndCount in no order': NO_ORDER,
  'projects.page by a rare word': `@@: ${LEAKY}`,
  'projects.page by a word that none has': `@@: ${LEAKY}`,
  'projects.page by everything': `@@: ${LEAKY}`,
  'projectQueries.page by a rare word': `@@: ${LEAKY}`,
  'projectQueries.page by a word that none has': `@@: ${LEAKY}`,
  'projectQueries.page by everything': `@@: ${LEAKY}`,
  'tasks.pageOf a large project by a label that none has': `@>: ${LEAKY}`,
  'tasks.pageOf a large project by a rare word': `@@: ${LEAKY}`,
};
/** In rows. The large tenant has 40,000 tasks, 4,000 of them in one project, and 4,000 members and projects. */
const MANY = 200;

/** No statement of a tenant's finds rows by them, for the same reason; `member_email_key` is for uniqueness all the same. */
const UNUSED = ['member_email_key', 'project_search_idx', 'task_labels_idx', 'task_search_idx'];

/** What MikroORM's repositories do by themselves. */
const SENDS_NOTHING =
  /\.(?:map|getReference|canPopulate|create|assign|merge|getEntityName|getEntityManager)$/;

interface Sent extends ExplainedStatement {
  readonly by: string;
  readonly tenant: string;
}

let explained: ExplainedPersistence;
let coverage: MethodCoverage;
const sent: Sent[] = [];

beforeAll(async () => {
  explained = await startExplainedPersistence();
  const { persistence, recorder } = explained;
  coverage = new MethodCoverage(
    entityMappings.map(({ class: entity }) =>
      persistence.entityManager.getRepository<object>(entity),
    ),
  );
  for (const tenant of [large, small]) {
    for (const { name: by, run } of [
      ...repositorySenders(persistence),
      ...querySenders(persistence),
      ...recordSenders(persistence),
    ]) {
      const statements = await recorder.during(() =>
        persistence.as(tenant, async () => run(persistence)),
      );
      sent.push(...statements.map((one) => ({ ...one, by, tenant: tenant.slug })));
    }
  }
}, 120_000);

afterAll(() => explained.stop());

/** Who has sent it, what it is and how it was carried out, for whoever has to do something about it. */
const described = ({ by, tenant, text, plan }: Sent, what: unknown): string =>
  `${by} of ${tenant}: ${String(what)}\n${text}\n${JSON.stringify(plan, null, 1)}`;
const flawsIn = ({ plan }: ExplainedStatement): readonly string[] =>
  flawsOf(plan, explained.placement);
const wasteIn = ({ plan }: ExplainedStatement): number => wasteOf(plan, explained.placement);
const sendersOf = (statements: readonly Sent[]): ReadonlySet<string> =>
  new Set(statements.map(({ by }) => by));

describe('in the scope of a tenant, what repositories, queries and units of work send', () => {
  it('finds rows by an index that leads with the tenant', () => {
    const flawed = sent.filter((one) => flawsIn(one).length > 0);
    const unknown = flawed.filter(({ by }) => !(by in OTHERWISE));

    expect(unknown.map((one) => described(one, flawsIn(one)))).toEqual([]);
    expect(sendersOf(flawed)).toEqual(new Set(Object.keys(OTHERWISE)));
  });

  it('reads few rows in vain', () => {
    const wasteful = sent.filter((one) => wasteIn(one) > MANY);
    const unknown = wasteful.filter(({ by }) => !(by in IN_VAIN));

    expect(unknown.map((one) => described(one, `${wasteIn(one)} rows in vain`))).toEqual([]);
    expect(sendersOf(wasteful)).toEqual(new Set(Object.keys(IN_VAIN)));
  });

  it('has its values in it, so that it is planned for those: only foreign keys have a plan for any', () => {
    const withParameters = sent.filter(({ text }) => /\$\d/.test(text));

    expect(withParameters.filter(({ text }) => !/ from only /i.test(text))).toEqual([]);
  });

  it('is all that they can send', () => {
    const { persistence } = explained;
    const used = sent.filter(({ plan }) => tablesOf(plan, explained.placement).length > 0);
    const counts = Map.groupBy(used, ({ by, tenant }) => `${by} of ${tenant}`);

    expect(coverage.missing.filter((method) => !SENDS_NOTHING.test(method))).toEqual([]);
    // One would be what the unit of work leaves of itself.
    expect([...counts].filter(([, statements]) => statements.length < 2)).toEqual([]);
    expect(counts.size).toBe(
      2 *
        [repositorySenders, querySenders, recordSenders].flatMap((senders) => senders(persistence))
          .length,
    );
  });

  it('concerns all tables that tenants have rows in', () => {
    const tables = sent.flatMap(({ plan }) => tablesOf(plan, explained.placement));

    expect(new Set(tables)).toEqual(new Set(tenantMappings.map(({ meta }) => meta.tableName)));
  });

  it('uses all indexes but those that row security makes useless', async () => {
    const { leadingColumns } = explained.placement;
    const used = new Set(sent.flatMap(({ plan }) => indexesOf(plan)));
    const ofOperators = 'outbox_event_parked_idx';

    expect([...leadingColumns.keys()].filter((name) => !used.has(name)).sort()).toEqual(
      [...UNUSED, ofOperators].sort(),
    );
  });
});

describe('what is sent outside of a tenant’s scope', () => {
  it('to find whose events are due or parked, finds them by their indexes, of all tenants', async () => {
    const { persistence, recorder } = explained;
    const outboxes = persistence.get(Outboxes);

    const due = await recorder.during(() => outboxes.dueTenants());
    const parked = await recorder.during(() => outboxes.parked());

    expect(new Set(due.flatMap(flawsIn))).toEqual(new Set(['outbox_event_due_idx of all tenants']));
    expect(parked.flatMap(flawsIn)).toEqual(['outbox_event_parked_idx of all tenants']);
  });
});

describe('the check sees', () => {
  it.each([
    ['no index', 'number = 1', 'Seq Scan on task'],
    [
      'an index that leads with something else',
      `labels @> '{label1}'`,
      'task_labels_idx leads with labels',
    ],
    ['an index of all tenants', `id = '${idOf(1)}'`, 'task_pkey of all tenants'],
  ])('%s', async (_what, condition, flaw) => {
    const { owner, recorder } = explained;

    // The owner's, which row security does not add the tenant to.
    const statements = await recorder.during(() =>
      owner.em.fork().execute(`select title from shared.task where ${condition}`),
    );

    expect(statements.flatMap(flawsIn)).toEqual([flaw]);
  });

  it('that an index is missing', async () => {
    const { persistence, recorder } = explained;
    await persistence.asOwner('drop index shared.task_assignee_idx');

    const statements = await recorder.during(() =>
      persistence.as(small, () => persistence.projects.hasTasksOf(idOf(3))),
    );

    expect(Math.max(...statements.map(wasteIn))).toBeGreaterThan(MANY);
  });
});

describe('erasing a tenant that has a fifth of all rows', () => {
  it('finds them by the tenant, chunk by chunk', async () => {
    const { owner, recorder } = explained;
    const { id } = large;
    const placement = Placement.shared();
    const tenant = new Tenant({ id, slug: slug('large'), name: 'Large', placement });

    const statements = await recorder.during(() =>
      new MikroTenantEraser(owner, 'nobody').eraseRows(tenant),
    );

    expect(statements.flatMap(flawsIn)).toEqual([]);
  });
});
