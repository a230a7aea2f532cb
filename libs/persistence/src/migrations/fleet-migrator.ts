import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import type { DatabaseConfig } from '@tenantry/platform';
import type pg from 'pg';
import { markAsProduction } from '../catalog/installation.ts';
import { readWarmSchemas } from '../catalog/warm-schemas.ts';
import type { SupervisedConnection } from '../connection/supervised-connection.ts';
import { ROLES } from '../roles.ts';
import { type BaselineReport, recordAdoptions, recordAll } from './adoption.ts';
import { type BaselinePlan, planBaseline } from './baseline.ts';
import { type CompiledLists, type CompiledMigration, compile } from './compiled-migration.ts';
import {
  type FleetShape,
  lacksChecksums,
  planFleet,
  shapeOf,
  type TargetPlan,
} from './fleet-plan.ts';
import { type DriftReport, findDrift } from './drift.ts';
import {
  CatalogPending,
  mustBeContractible,
  mustBeRunnable,
  mustBeUnchanged,
} from './fleet-refusals.ts';
import { FleetRun } from './fleet-run.ts';
import { namesIn, planWaves, select, type Wave, type WaveOptions } from './fleet-waves.ts';
import {
  adoptChecksums,
  hasPlacement,
  readApplied,
  readPlacementNames,
  readShape,
  readSnapshot,
  recordFailure,
} from './ledger.ts';
import { migrationLists } from './migration-lists.ts';
import type { TargetWork } from './migration-script.ts';
import { asOwnerUncommitted } from './owner-transaction.ts';
import { mustNotBeAhead, planRollback } from './rollback.ts';
import type { FailedOutcome, Outcome, StopReason } from './run-events.ts';
import {
  type BaselineOptions,
  type MigrateOptions,
  mostFailures,
  type RollbackOptions,
  type RunOptions,
} from './run-options.ts';
import { withRunLock } from './run-lock.ts';
import type { MigrationLists } from './schema-migration.ts';
import { readPrepared } from './prepared-placements.ts';
import { prepareServer } from './server-roles.ts';

/** What a run would do, and does. */
export interface FleetPlan {
  readonly catalog: TargetWork;
  readonly waves: readonly Wave<TargetWork>[];
  /** How many placements have nothing to be done. */
  readonly upToDate: number;
}

interface Survey {
  readonly plan: FleetPlan;
  /** Whether the ledger may have rows from before checksums were kept. */
  readonly lacksChecksums: boolean;
  /** All placements that there were, also where nothing is to be done. */
  readonly names: ReadonlySet<string>;
}

/** What became of a run. */
export interface RunReport {
  readonly runId: string;
  /** Of all targets where something was to be done, the catalog among them. */
  readonly outcomes: readonly Outcome[];
  /** How many placements had nothing to be done. */
  readonly upToDate: number;
  readonly stopped: StopReason | null;
}

const THE_FLEET = 'the fleet';
const LOCK_TIMEOUT_MS = 1_500;
const PATIENCE_MS = 60_000;
/** Connections that are not for placements: one holds the lock, one asks and records. */
export const OTHER_CONNECTIONS = 2;

/**
 * Brings the catalog and all placements to the newest version. It alone runs DDL, as the owner of all tables. Each target
 * has a transaction of its own, which writes the ledger too and is under the target's lock: a target is at a version or it
 * is not, whatever becomes of this process.
 */
export class FleetMigrator {
  private readonly logger = new Logger('Fleet');
  private readonly compiled: Promise<CompiledLists>;

  /** @param orm the owner's, see `createOwnerOrm` */
  constructor(
    private readonly orm: MikroORM,
    private readonly app: Pick<DatabaseConfig, 'url'>,
    lists: MigrationLists = migrationLists,
  ) {
    this.compiled = compile(orm, lists);
    // It is said to whoever needs them.
    this.compiled.catch(() => undefined);
  }

  /** Where every target is, by one query, which changes nothing. */
  async status(slugs: readonly string[] = []): Promise<readonly TargetPlan[]> {
    return planFleet(await readSnapshot(this.orm.em.fork(), slugs), await this.compiled);
  }

  /** The schemas of placements that are made ahead, and belong to nobody. */
  async warmSchemas(): Promise<readonly string[]> {
    return readWarmSchemas(this.orm.em.fork());
  }

  /**
   * What `migrate` would do. It changes nothing. What migrations of the catalog add to the fleet is not known before they
   * are done.
   * @throws {MigrationChanged}
   * @throws {MigrationOutOfOrder}
   * @throws {ContractRefused} when it was asked to contract, and somebody needs what would be taken away
   * @throws {UnknownPlacement}
   */
  async plan(options: MigrateOptions = {}): Promise<FleetPlan> {
    const { plan } = await this.survey(options);
    return plan;
  }

  private async survey(options: MigrateOptions): Promise<Survey> {
    const [snapshot, isPrepared] = await Promise.all([
      readSnapshot(this.orm.em.fork(), namesIn(options)),
      readPrepared(this.orm.em.fork(), this.app.url),
    ]);
    const known = await this.compiled;
    const targets = planFleet(snapshot, known);
    mustBeRunnable(targets, options);
    if (options.contract) {
      mustBeContractible(targets, snapshot.builds, known);
    }
    const shape = shapeOf(targets, snapshot.builds);
    const [catalog, ...placements] = targets.map((target): TargetWork => ({
      ...target,
      direction: 'up',
      isListed: target.list === 'tenant',
      isPrepared: target.list === 'catalog' || isPrepared(target.name),
      steps: stepsOf(target, known, shape, options),
    })) as [TargetWork, ...TargetWork[]];
    const selected = select(placements, options);
    const toBeDone = selected.filter((work) => work.steps.length > 0 || !work.isPrepared);
    const upToDate = selected.length - toBeDone.length;
    return {
      plan: { catalog, waves: planWaves(toBeDone, options), upToDate },
      lacksChecksums: catalog.steps.length > 0 || lacksChecksums(snapshot),
      names: new Set(placements.map(({ name }) => name)),
    };
  }

  /**
   * One run over the whole fleet. A placement that fails does not keep the others from being migrated.
   * @throws {LockTaken} while another run is under way
   * @throws {PoolerInBetween}
   * @throws {MigrationChanged} before anything is done
   * @throws {MigrationOutOfOrder} before anything is done
   * @throws {ContractRefused} before anything is done
   * @throws {MigrationFailed} when it is the catalog that could not be migrated: without it there is no fleet
   */
  async migrate(options: MigrateOptions = {}): Promise<RunReport> {
    return this.exclusively(options, async (run) => {
      await prepareServer(this.orm, this.app.url);
      const before = await this.survey(options);
      const ofCatalog = await this.migrateCatalog(run, before, options);
      const survey = ofCatalog.length > 0 && !run.stopped ? await this.survey(options) : before;
      const ofPlacements = await this.migratePlacements(run, survey, options);
      return {
        runId: run.id,
        outcomes: [...ofCatalog, ...ofPlacements],
        upToDate: survey.plan.upToDate,
        stopped: run.stopped,
      };
    });
  }

  private async migrateCatalog(
    run: FleetRun,
    { plan: { catalog }, lacksChecksums }: Survey,
    { production }: MigrateOptions,
  ): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    if (catalog.steps.length > 0) {
      const outcome = await run.perform(catalog);
      // Where the run has been stopped, the report says so.
      outcomes.push(run.stopped ? outcome : succeeded(outcome));
    }
    if (lacksChecksums && !run.stopped) {
      const known = await this.compiled;
      await this.asOwner((transaction) => adoptChecksums(transaction, known));
    }
    if (production && !run.stopped) {
      await this.asOwner(markAsProduction);
    }
    return outcomes;
  }

  private async migratePlacements(
    run: FleetRun,
    { plan, names }: Survey,
    options: MigrateOptions,
  ): Promise<readonly Outcome[]> {
    const { upToDate } = plan;
    const most = mostFailures(options, plan.waves);
    const outcomes: Outcome[] = [];
    const reached = new Set<string>();
    let known = names;
    let { waves } = plan;
    while (waves.length > 0) {
      run.announce(waves, upToDate);
      outcomes.push(...(await run.through(waves, most)));
      waves.forEach(({ targets }) => {
        targets.forEach(({ name }) => reached.add(name));
      });
      ({ names: known, waves } = run.stopped
        ? { names: known, waves: [] }
        : await this.latecomers(options, known, reached).catch((error: unknown) => {
            // What has been done is reported all the same.
            this.logger.error({ err: error, msg: 'could not look for what was made meanwhile' });
            run.stop('survey-failed');
            return { names: known, waves: [] };
          }));
    }
    return outcomes;
  }

  /** A placement that is made meanwhile, by another build perhaps, is brought to the newest version too. */
  private async latecomers(
    options: MigrateOptions,
    names: ReadonlySet<string>,
    reached: ReadonlySet<string>,
  ): Promise<Pick<Survey, 'names'> & Pick<FleetPlan, 'waves'>> {
    const there = await readPlacementNames(this.orm.em.fork());
    if (there.every((name) => names.has(name))) {
      return { names, waves: [] };
    }
    const { plan, ...survey } = await this.survey(forLatecomers(options));
    return { names: survey.names, waves: without(reached, plan.waves) };
  }

  /**
   * Takes migrations of a list back, wherever they have been applied.
   * @throws {LockTaken} while another run is under way
   * @throws {PoolerInBetween}
   * @throws {RollbackRefused} before anything is done
   * @throws {MigrationChanged} before anything is done
   */
  async rollback(options: RollbackOptions): Promise<RunReport> {
    return this.exclusively(options, async (run) => {
      const waves = await this.planRollback(options);
      run.announce(waves, 0);
      const outcomes = await run.through(waves, mostFailures(options, waves));
      return { runId: run.id, outcomes, upToDate: 0, stopped: run.stopped };
    });
  }

  /**
   * What `rollback` would do. It changes nothing.
   * @throws {RollbackRefused}
   * @throws {MigrationChanged}
   * @throws {UnknownPlacement}
   */
  async planRollback(options: RollbackOptions): Promise<readonly Wave<TargetWork>[]> {
    const [catalog, ...placements] = (await this.status(namesIn(options))) as [
      TargetPlan,
      ...TargetPlan[],
    ];
    const selected = new Set(
      (options.list === 'catalog' ? [catalog] : select(placements, options)).map(
        ({ name }) => name,
      ),
    );
    const works = planRollback([catalog, ...placements], await this.compiled, options).filter(
      ({ name }) => selected.has(name),
    );
    mustBeUnchanged(works);
    mustNotBeAhead(works);
    return planWaves(works, options);
  }

  /**
   * Compares what is in the placements with what the migrations make that have been applied to them. It changes nothing.
   * @throws {UnknownPlacement}
   */
  async verify(options: Pick<WaveOptions, 'only' | 'exclude'> = {}): Promise<DriftReport> {
    const [, ...placements] = await this.status(namesIn(options));
    const { tenant } = await this.compiled;
    const selected = select(placements, options);
    return asOwnerUncommitted(this.orm, (transaction) => findDrift(transaction, selected, tenant));
  }

  /**
   * Records in the ledger what is in placements and the ledger lacks, by what is there and not by trust.
   * @throws {LockTaken} while another run is under way
   * @throws {PoolerInBetween}
   * @throws {CatalogPending}
   * @throws {UnknownPlacement}
   */
  async baseline(options: BaselineOptions = {}): Promise<BaselineReport> {
    return this.exclusively(options, async (run) => {
      const plan = await this.planBaseline(options);
      const { tenant } = await this.compiled;
      const recorded = await recordAll(plan.adoptions, run, (part) =>
        this.asOwner((transaction) => recordAdoptions(transaction, part, tenant, run.id)),
      );
      return { ...plan, ...recorded, runId: run.id, stopped: run.stopped };
    });
  }

  /**
   * What `baseline` would record. It changes nothing.
   * @throws {CatalogPending}
   * @throws {UnknownPlacement}
   */
  async planBaseline(options: BaselineOptions = {}): Promise<BaselinePlan> {
    const [catalog, ...placements] = await this.status(namesIn(options));
    if (catalog?.pending.length !== 0) {
      throw new CatalogPending();
    }
    const { tenant } = await this.compiled;
    const selected = select(placements, options);
    return asOwnerUncommitted(this.orm, (transaction) =>
      planBaseline(transaction, selected, tenant),
    );
  }

  /**
   * Brings one placement to the newest version, making its schema and role when they are not there: all of it in one message.
   * @throws {MigrationFailed}
   */
  async migratePlacement(schema: string): Promise<Outcome> {
    const run = await this.newRun({});
    return succeeded(await run.perform(await this.workIn(schema)));
  }

  private async workIn(schema: string): Promise<TargetWork> {
    const applied = await readApplied(this.orm.em.fork(), schema);
    const placement = { schema, applied, slugs: [], failure: null };
    const known = await this.compiled;
    const shape = await readShape(this.orm.em.fork());
    const { builds } = shape;
    const [, target] = planFleet({ catalog: [], placements: [placement], builds }, known) as [
      unknown,
      TargetPlan,
    ];
    const steps = stepsOf(target, known, shape, {});
    const isPrepared = (await readPrepared(this.orm.em.fork(), this.app.url, schema))(schema);
    return { ...target, direction: 'up', isListed: false, isPrepared, steps };
  }

  /** What is left to be done where something else was found than was planned for; `null` where nothing is any more. */
  private async replan(work: TargetWork): Promise<TargetWork | null> {
    if (work.isListed && !(await hasPlacement(this.orm.em.fork(), work.name))) {
      return null;
    }
    const applied = (await readApplied(this.orm.em.fork(), work.name)).map(({ name }) => name);
    const isNoLongerNew = work.applied.length === 0 && applied.length > 0;
    const isLeft = ({ name, kind }: CompiledMigration): boolean =>
      applied.includes(name) === (work.direction === 'down') &&
      // Whoever was there first may need the old shape.
      !(kind === 'contract' && isNoLongerNew);
    // What was prepared was prepared with the first that was applied.
    const isPrepared = work.isPrepared || applied.length > 0;
    return { ...work, applied, isPrepared, steps: work.steps.filter(isLeft) };
  }

  /** Holds the lock of the fleet meanwhile. */
  private async exclusively<Report>(
    options: RunOptions,
    work: (run: FleetRun) => Promise<Report>,
  ): Promise<Report> {
    const pool = await this.pool();
    return withRunLock(pool, THE_FLEET, async (lost) => {
      const run = await this.newRun(options);
      run.stopOn(lost, 'lock-lost');
      if (options.signal) {
        run.stopOn(options.signal, 'interrupted');
      }
      return work(run);
    });
  }

  private async newRun({
    lockTimeoutMs = LOCK_TIMEOUT_MS,
    patienceMs = PATIENCE_MS,
    verifySql,
    observe = () => undefined,
  }: RunOptions): Promise<FleetRun> {
    const pool = await this.pool();
    const concurrency = Math.max(1, pool.options.max - OTHER_CONNECTIONS);
    const { url: appUrl } = this.app;
    return new FleetRun(
      pool,
      { concurrency, lockTimeoutMs, patienceMs, verifySql, appUrl, observe },
      {
        replan: (work) => this.replan(work),
        remember: (runId, outcome) => this.remember(runId, outcome),
      },
    );
  }

  private async remember(runId: string, outcome: FailedOutcome): Promise<void> {
    try {
      await this.asOwner((transaction) => recordFailure(transaction, runId, outcome));
    } catch (error) {
      // The report has it, too.
      this.logger.warn({ err: error, msg: 'a failure could not be recorded', ...outcome });
    }
  }

  private asOwner<Result>(work: (transaction: EntityManager) => Promise<Result>): Promise<Result> {
    return this.orm.em.fork({ session: { variables: { role: ROLES.owner } } }).transactional(work);
  }

  private pool(): Promise<pg.Pool> {
    return (this.orm.driver.getConnection() as SupervisedConnection).getNativeClient();
  }
}

/** What is to be done in a target: contracts where it was said, and in a new placement when the fleet has been contracted. */
function stepsOf(
  { list, applied, pending, toContract }: TargetPlan,
  known: CompiledLists,
  { builds, contracted, isEmpty }: FleetShape,
  { contract = false }: MigrateOptions,
): readonly CompiledMigration[] {
  const isNew = applied.length === 0;
  const isNeeded = (name: string): boolean =>
    !builds.every(({ contracts }) => contracts.includes(name)) ||
    !(isEmpty || contracted.includes(name));
  const mayContract = (name: string): boolean => contract || (isNew && !isNeeded(name));
  return known[list].filter(
    ({ name }) => pending.includes(name) || (toContract.includes(name) && mayContract(name)),
  );
}

/** @throws {MigrationFailed} */
function succeeded(outcome: Outcome): Outcome {
  if (outcome.status === 'failed') {
    throw outcome.error;
  }
  return outcome;
}

/** Nothing is refused any more when most is done: contracts of latecomers wait, and names may be gone. All waves have been gone through. */
function forLatecomers(options: MigrateOptions): MigrateOptions {
  const asOne = { canary: [], waves: [] };
  return { ...options, ...asOne, contract: false, allowOutOfOrder: true, ignoreUnknown: true };
}

function without(
  names: ReadonlySet<string>,
  waves: readonly Wave<TargetWork>[],
): readonly Wave<TargetWork>[] {
  return waves
    .map((wave) => ({ ...wave, targets: wave.targets.filter(({ name }) => !names.has(name)) }))
    .filter(({ targets }) => targets.length > 0);
}
