import {
  email,
  type Id,
  Member,
  newId,
  Project,
  projectKey,
  SHARED_SCHEMA,
  slug,
  Unavailable,
} from '@tenantry/domain';
import { withFleet } from '../migrations/with-fleet.ts';
import type { PlacedTenant } from '../tenant-context/placed-tenant.ts';
import { atMost, weighted } from './interleaving.ts';
import type { Persistence } from './persistence-harness.ts';

/** What a request does in its unit of work, and how often. */
const OPERATIONS = {
  'read by a repository': 30,
  'read by a query builder without filter': 15,
  'read by raw SQL': 15,
  'add a member': 20,
  'add a task': 20,
};
type Operation = keyof typeof OPERATIONS;

/** How a request ends, and how often. */
const ENDINGS = {
  regular: 800,
  'an error after the work': 80,
  'the caller has gone': 60,
  'the scope has ended before its work': 30,
  'an abort signal': 25,
  'a statement that takes too long': 5,
};
type Ending = keyof typeof ENDINGS;

/** Those of which nobody can say whether they were stored when they are refused. */
const AMBIGUOUS: readonly Ending[] = ['the scope has ended before its work', 'an abort signal'];

/** The longest that a caller waits who does not wait for the end; most requests take less. */
const PATIENCE_MS = 250;

/** All tenants have rows with these ids. */
const MEMBER_IDS = Array.from({ length: 3 }, () => newId<'Member'>());
const PROJECT_ID = newId<'Project'>();

/** What is known of the writes of one tenant. */
class Ledger {
  readonly acknowledged = new Set<string>();
  readonly refused = new Set<string>();
  acknowledgedTasks = 0;
  ambiguousTasks = 0;
  private members = 0;

  /** The ids of later members collide with those of other tenants as well. */
  nextMember(): Id<'Member'> {
    return `019aaaaa-0000-7000-8000-${String(this.members++).padStart(12, '0')}` as Id<'Member'>;
  }
}

interface Request {
  readonly tenant: PlacedTenant;
  readonly operation: Operation;
  readonly ending: Ending;
  readonly patienceMs: number;
  readonly memberId: Id<'Member'>;
}

class Aborted extends Error {}

/** Requests of many tenants, half of them in a placement of their own, and what came of them. */
export class Workload {
  readonly tenants: readonly PlacedTenant[];
  /** Who has seen what of whom. */
  readonly foreign: string[] = [];
  /** What went wrong that should not have. */
  readonly unexpected: unknown[] = [];
  /** How many requests ended in which way. */
  readonly outcomes: Record<string, number> = {};
  private readonly ledgers: ReadonlyMap<PlacedTenant, Ledger>;
  private readonly abandoned: Promise<unknown>[] = [];

  constructor(
    private readonly persistence: Persistence,
    private readonly random: () => number,
    count: number,
  ) {
    this.tenants = Array.from({ length: count }, (_, n) => {
      const id = newId<'Tenant'>();
      const schema = n % 2 === 0 ? SHARED_SCHEMA : `t_${id.replaceAll('-', '')}`;
      return { id, slug: slug(`tenant-${n}`), schema };
    });
    this.ledgers = new Map(this.tenants.map((tenant) => [tenant, new Ledger()]));
  }

  /** Makes the placements, and gives every tenant the same rows but for their names. */
  async prepare(): Promise<void> {
    const { as, config, members, projects } = this.persistence;
    await withFleet(config, async (fleet) => {
      for (const { schema } of this.tenants.filter((tenant) => tenant.schema !== SHARED_SCHEMA)) {
        await fleet.migratePlacement(schema);
      }
    });
    for (const tenant of this.tenants) {
      await as(tenant, async () => {
        for (const id of MEMBER_IDS) {
          members.add(memberOf(tenant, id));
        }
        projects.add(new Project({ id: PROJECT_ID, key: projectKey('ONE'), name: tenant.slug }));
      });
    }
  }

  anyTenant(): PlacedTenant {
    return this.tenants[Math.floor(this.random() * this.tenants.length)]!;
  }

  /** Counts what a tenant was shown of others; all that a tenant has is named after it. */
  mustBeOwn(tenant: PlacedTenant, rows: readonly { readonly name: string }[]): void {
    const others = rows.filter(({ name }) => name !== tenant.slug);
    this.foreign.push(...others.map(({ name }) => `${tenant.slug} saw ${name}`));
  }

  /** One request from beginning to end, or until its caller has gone. */
  async request(): Promise<void> {
    const tenant = this.anyTenant();
    const request: Request = {
      tenant,
      operation: weighted(OPERATIONS, this.random),
      ending: weighted(ENDINGS, this.random),
      patienceMs: Math.ceil(this.random() * PATIENCE_MS),
      memberId: this.ledgerOf(tenant).nextMember(),
    };
    const answered = this.persistence.context
      .run(tenant, () => this.unitOfWork(request))
      .then(
        () => {
          this.acknowledge(request);
        },
        (error: unknown) => {
          this.refuse(request, error);
        },
      );
    if (request.ending === 'the caller has gone') {
      this.abandoned.push(answered);
      await atMost(request.patienceMs, answered);
    } else {
      await answered;
    }
  }

  /** Waits for the work of those whose caller has gone. */
  async settle(): Promise<void> {
    await Promise.all(this.abandoned);
  }

  /** What the owner sees: writes that were lost, stored although they were refused, or another tenant's. */
  async audit(): Promise<string[]> {
    const problems: string[] = [];
    for (const tenant of this.tenants) {
      const ledger = this.ledgerOf(tenant);
      const { members, tasks, counted } = await this.storedBy(tenant);
      const stored = new Set(members.map(({ id }) => id));
      const complain = (what: string): number => problems.push(`${tenant.slug}: ${what}`);
      this.mustBeOwn(tenant, [...members, ...tasks]);
      for (const id of [...MEMBER_IDS, ...ledger.acknowledged].filter(
        (each) => !stored.has(each),
      )) {
        complain(`member ${id} is lost`);
      }
      for (const id of [...ledger.refused].filter((each) => stored.has(each))) {
        complain(`member ${id} is stored, and was refused`);
      }
      const [least, most] = [
        ledger.acknowledgedTasks,
        ledger.acknowledgedTasks + ledger.ambiguousTasks,
      ];
      if (tasks.length < least || tasks.length > most || counted !== tasks.length) {
        complain(`has ${tasks.length} tasks, counts ${counted}, not ${least} to ${most}`);
      }
    }
    return problems;
  }

  private async storedBy({ id, schema }: PlacedTenant) {
    const { asOwner } = this.persistence;
    const members = await asOwner<{ id: string; name: string }[]>(
      `select id, name from "${schema}".member where tenant_id = ?`,
      [id],
    );
    const tasks = await asOwner<{ name: string }[]>(
      `select title as name from "${schema}".task where tenant_id = ?`,
      [id],
    );
    const [project] = await asOwner<{ counted: number }[]>(
      `select last_task_number as counted from "${schema}".project where tenant_id = ?`,
      [id],
    );
    return { members, tasks, counted: project?.counted };
  }

  private unitOfWork(request: Request): Promise<void> {
    const { orm, unitOfWork } = this.persistence;
    const work = (): Promise<void> => this.work(request);
    if (request.ending === 'an abort signal') {
      return orm.em.transactional(work, { signal: AbortSignal.timeout(request.patienceMs) });
    }
    const unit = unitOfWork.run(work);
    if (request.ending === 'the scope has ended before its work') {
      // Nobody is told how it ended.
      this.abandoned.push(unit.catch(() => undefined));
      return atMost(request.patienceMs, unit).then(() => {
        throw new Aborted();
      });
    }
    return unit;
  }

  private async work(request: Request): Promise<void> {
    await this.operate(request);
    if (request.ending === 'an error after the work') {
      throw new Aborted();
    }
    if (request.ending === 'a statement that takes too long') {
      await this.persistence.orm.em.execute('select pg_sleep(60)');
    }
  }

  private async operate({ tenant, operation, memberId }: Request): Promise<void> {
    const { members, orm, projects } = this.persistence;
    switch (operation) {
      case 'read by a repository':
        this.mustSee(tenant, await members.findByIds(MEMBER_IDS));
        return;
      case 'read by a query builder without filter':
        this.mustSee(tenant, await orm.em.createQueryBuilder(Member).limit(20).getResult());
        return;
      case 'read by raw SQL':
        this.mustSee(tenant, await orm.em.execute(NAMES));
        return;
      case 'add a member':
        members.add(memberOf(tenant, memberId));
        break;
      case 'add a task': {
        const project = await projects.getForChange(PROJECT_ID);
        this.mustSee(tenant, [project]);
        project.addTask({ title: tenant.slug });
      }
    }
    await orm.em.flush();
  }

  /** Its own, and of them something: none at all would be no leak either. */
  private mustSee(tenant: PlacedTenant, rows: readonly { readonly name: string }[]): void {
    this.mustBeOwn(tenant, rows);
    if (rows.length === 0) {
      this.unexpected.push(`${tenant.slug} saw nothing`);
    }
  }

  private acknowledge({ tenant, operation, ending, memberId }: Request): void {
    const ledger = this.ledgerOf(tenant);
    this.count(`${ending}: acknowledged`);
    if (operation === 'add a member') {
      ledger.acknowledged.add(memberId);
    }
    ledger.acknowledgedTasks += Number(operation === 'add a task');
  }

  private refuse({ tenant, operation, ending, memberId }: Request, error: unknown): void {
    const ledger = this.ledgerOf(tenant);
    this.count(`${ending}: refused`);
    if (AMBIGUOUS.includes(ending)) {
      ledger.ambiguousTasks += Number(operation === 'add a task');
      return;
    }
    ledger.refused.add(memberId);
    // On a busy machine any statement may be too slow.
    if (!(error instanceof Aborted) && !(error instanceof Unavailable)) {
      this.unexpected.push(error);
    }
  }

  private count(outcome: string): void {
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
  }

  private ledgerOf(tenant: PlacedTenant): Ledger {
    return this.ledgers.get(tenant)!;
  }
}

const NAMES = 'select name from member union all select name from project limit 20';

function memberOf(tenant: PlacedTenant, id: Id<'Member'>): Member {
  return new Member({ id, email: email(`${id}@example.com`), name: tenant.slug });
}
