import {
  type Finding,
  inspectAsApp,
  type IsolationCheck,
  lineOf,
  type Queryable,
  type Strictness,
} from '@tenantry/persistence';
import { Indicator } from '../report/indicator.ts';
import { judged, type Reading, unknown } from '../report/reading.ts';

/** Of a large fleet it takes seconds of the server's time, for each process that asks. */
const HOURLY_MS = 60 * 60_000;
/** How many findings are told. */
const MOST = 20;
const ADVICE =
  'Do what the findings say, then run prove-isolation; production does not start on a leak.';

/** What is inspected when a process starts, again: somebody may have been at the database by hand. */
export class IsolationIndicator extends Indicator {
  override readonly name = 'isolation';
  override readonly everyMs = HOURLY_MS;
  override readonly deadlineMs = 60_000;
  private hasLooked = false;

  constructor(
    private readonly strictness: Strictness,
    private readonly check: IsolationCheck,
  ) {
    super();
  }

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const all = this.foundAtStart() ?? (await inspectAsApp(database, this.strictness));
    if (!all) {
      return [unknown('isolation', 'nothing has been migrated', 'Run migrate.')];
    }
    // The version of the server has an indicator of its own.
    const findings = all.filter(({ check }) => check !== 'server-version');
    const leaks = findings.filter(({ severity }) => severity === 'leak').length;
    const status = leaks > 0 ? 'fail' : findings.length > 0 ? 'warn' : 'pass';
    const counts = { leaks, warnings: findings.length - leaks };
    return [
      judged('isolation', status, counts, {
        detail: findings.slice(0, MOST).map(lineOf),
        advice: ADVICE,
      }),
    ];
  }

  /** The first time it has only just been looked for. */
  private foundAtStart(): readonly Finding[] | null {
    const isFirst = !this.hasLooked;
    this.hasLooked = true;
    return isFirst ? this.check.outcome : null;
  }
}
