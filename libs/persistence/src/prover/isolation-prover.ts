import { EntityManager, type MikroORM } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '@tenantry/application';
import { MemberRepository, ProjectRepository } from '@tenantry/domain';
import type { MigratorConfig } from '@tenantry/platform';
import { connect } from '../connection/connect.ts';
import { errorParts } from '../connection/connection-errors.ts';
import { createOwnerOrm } from '../connection/owner-orm.ts';
import { lock } from '../migrations/advisory-lock.ts';
import { ServerNotPrepared } from '../migrations/server-roles.ts';
import { ROLES } from '../roles.ts';
import { TenantContext } from '../tenant-context/tenant-context.ts';
import { attackPlacements } from './attacks/attack-placements.ts';
import { type AttackResult, checkAttack, tryAttack } from './attacks/attack.ts';
import { type App, populate, removeThrowAway } from './attacks/throw-away-tenants.ts';
import type { Finding } from './finding.ts';
import { inspect, inspectPlacements } from './inspect.ts';
import { findDedicated, hasCatalog, readLogin, readPlacements } from './placements.ts';
import { checkPooler, observePooler } from './pooler.ts';
import { checkSelfTest, type SelfTestResult, testProver } from './self-test/self-test.ts';

/** What was found, tried and planted; tenants are proven to be isolated when none of it is a leak. */
export interface IsolationReport {
  readonly proven: boolean;
  readonly placements: number;
  readonly findings: readonly Finding[];
  readonly attacks: readonly AttackResult[];
  readonly selfTest: readonly SelfTestResult[];
}

/** Proves that tenants are isolated on a database: it inspects and attacks it, and is then tested itself. */
@Injectable()
export class IsolationProver {
  private readonly app: App;

  constructor(
    context: TenantContext,
    entityManager: EntityManager,
    unitOfWork: UnitOfWork,
    members: MemberRepository,
    projects: ProjectRepository,
  ) {
    this.app = { context, entityManager, unitOfWork, members, projects };
  }

  /**
   * @throws {ServerNotPrepared} before the first migration
   * @throws {LockTaken} while another one is at work on the database
   */
  async prove(config: MigratorConfig): Promise<IsolationReport> {
    const orm = createOwnerOrm(config.ownerUrl, config.database);
    try {
      await connect(orm, config.ownerUrl, config.database.connectRetries);
      await mustBeMigrated(orm.em.fork());
      return await exclusively(orm, () => this.report(orm, config));
    } finally {
      await orm.close();
    }
  }

  private async report(orm: MikroORM, config: MigratorConfig): Promise<IsolationReport> {
    const { production, database } = config;
    const { context, entityManager } = this.app;
    const login = await context.runAsOperator('prove isolation', () => readLogin(entityManager));
    const { placements, found, dedicated } = await asOwner(orm, async (owner) => ({
      placements: await readPlacements(owner),
      found: await inspect(owner, login, { production, allowOldServer: database.allowOldServer }),
      dedicated: await findDedicated(owner),
    }));
    const pooler = await observe(config);
    const { attacks, selfTest } = await this.attack(orm, login, dedicated);
    const findings = [
      ...found,
      ...checkPooler(pooler),
      ...attacks.flatMap(checkAttack),
      ...selfTest.flatMap(checkSelfTest),
    ];
    const proven = findings.every(({ severity }) => severity !== 'leak');
    return { proven, placements: placements.length, findings, attacks, selfTest };
  }

  /** With rows of the throw-away tenants there, which are gone afterwards whatever happens. */
  private async attack(
    orm: MikroORM,
    login: string,
    dedicated: string | undefined,
  ): Promise<Pick<IsolationReport, 'attacks' | 'selfTest'>> {
    // At the beginning too: a run before this one may have been killed.
    await asOwner(orm, removeThrowAway);
    try {
      await populate(this.app);
      const attacks = await attackPlacements(this.app, dedicated);
      const parts = { inspectPlacements, tryAttack };
      return { attacks, selfTest: await testProver(orm.em.fork(), login, parts) };
    } catch (error) {
      // What was found until now must not be lost with it: it may be why.
      const detail = errorParts(error).message;
      return { attacks: [{ attack: 'attacks', outcome: 'inconclusive', detail }], selfTest: [] };
    } finally {
      await asOwner(orm, removeThrowAway);
    }
  }
}

async function mustBeMigrated(entityManager: EntityManager): Promise<void> {
  if (!(await hasCatalog(entityManager))) {
    throw new ServerNotPrepared('There is no catalog, and so nothing to be proven: migrate first.');
  }
}

function asOwner<Result>(
  orm: MikroORM,
  work: (owner: EntityManager) => Promise<Result>,
): Promise<Result> {
  return orm.em.fork({ session: { variables: { role: ROLES.owner } } }).transactional(work);
}

/** The throw-away tenants are the same in each run, so there is one at a time. */
function exclusively<Result>(orm: MikroORM, work: () => Promise<Result>): Promise<Result> {
  const entityManager = orm.em.fork({
    session: { variables: { idle_in_transaction_session_timeout: '0' } },
  });
  return entityManager.transactional(async (transaction) => {
    await lock(transaction, 'the prover', 0);
    return work();
  });
}

/** By connections of its own, as the app's login: the pool of the app may be too small. */
async function observe({ database }: MigratorConfig): ReturnType<typeof observePooler> {
  const orm = createOwnerOrm(database.url, database);
  try {
    await connect(orm, database.url, database.connectRetries);
    return await observePooler(orm);
  } finally {
    await orm.close();
  }
}
