import { Counter, Histogram } from 'prom-client';
import { registry } from './registry.ts';

/** How a unit of work ended. It is `unknown` when nobody could say whether it is stored. */
const OUTCOMES = ['committed', 'rolled_back', 'unknown'] as const;
export type UnitOutcome = (typeof OUTCOMES)[number];

/** SQLSTATEs of what is tried again. Whatever else is has lost its connection, or never had one. */
const RACES = ['40001', '40P01', '55P03', '23505'];
const CONNECTION = 'connection';

/** What became of a COMMIT whose reply was lost. */
const FATES = ['stored', 'not_stored', 'unresolved'] as const;
type CommitFate = (typeof FATES)[number];

const units = new Counter({
  name: 'tenantry_units_of_work_total',
  help: 'Units of work by how they ended, however often they were tried.',
  labelNames: ['outcome'],
  registers: [registry],
});
const attempts = new Histogram({
  name: 'tenantry_unit_of_work_attempt_duration_seconds',
  help: 'Duration of each attempt at a unit of work, waiting for a connection included, by how it ended.',
  labelNames: ['outcome'],
  buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
  registers: [registry],
});
const retries = new Counter({
  name: 'tenantry_unit_of_work_retries_total',
  help: 'Attempts that were followed by another one, by the SQLSTATE that they failed with, or connection.',
  labelNames: ['sqlstate'],
  registers: [registry],
});
const interrupted = new Counter({
  name: 'tenantry_interrupted_commits_total',
  help: 'COMMITs whose reply was lost, by what was found out of them: stored, not_stored or unresolved.',
  labelNames: ['fate'],
  registers: [registry],
});

// An alert sees the first of something that is otherwise rare only when there was a zero before.
OUTCOMES.forEach((outcome) => {
  units.inc({ outcome }, 0);
});
[...RACES, CONNECTION].forEach((sqlstate) => {
  retries.inc({ sqlstate }, 0);
});
FATES.forEach((fate) => {
  interrupted.inc({ fate }, 0);
});

/** What becomes of units of work. */
export const unitMetrics = {
  ended: (outcome: UnitOutcome): void => {
    units.inc({ outcome });
  },
  attempted: (outcome: UnitOutcome, seconds: number): void => {
    attempts.observe({ outcome }, seconds);
  },
  /** @param sqlstate of what it failed with, where the server has said one */
  retried: (sqlstate: string | undefined): void => {
    const isRace = sqlstate !== undefined && RACES.includes(sqlstate);
    retries.inc({ sqlstate: isRace ? sqlstate : CONNECTION });
  },
  interrupted: (fate: CommitFate): void => {
    interrupted.inc({ fate });
  },
};
