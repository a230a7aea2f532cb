import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Readiness, type ReadinessState } from '../readiness/readiness.ts';
import { OFTEN_MS } from './indicator.ts';
import { type Status, worst } from './reading.ts';
import { type Observation, Sampler } from './sampler.ts';

/** How the database is, for operators. */
export interface DatabaseHealth {
  /** The worst of all. */
  readonly status: Status;
  readonly readiness: ReadinessState;
  /** What each indicator has observed. */
  readonly checks: Readonly<Record<string, readonly Observation[]>>;
}

/** Between two samples of what the server counts. */
const COUNTED_FOR_MS = 1_000;

/** What operators are told: whether this process is ready, why not, and what was observed of the database. */
@Injectable()
export class HealthReport {
  constructor(
    private readonly readiness: Readiness,
    private readonly sampler: Sampler,
  ) {}

  /** From memory, within the deadline of readiness, whatever the database does. */
  async read(): Promise<DatabaseHealth> {
    const isReady = await this.readiness.isReady();
    const checks = this.sampler.observations();
    const statuses = Object.values(checks).flatMap((each) => each.map(({ status }) => status));
    return {
      status: worst([isReady ? 'pass' : 'fail', ...statuses]),
      readiness: this.readiness.state,
      checks,
    };
  }

  /** Looks at everything now, and twice at what is measured between two samples. */
  async examine(): Promise<DatabaseHealth> {
    await this.sampler.pass(() => true);
    await sleep(COUNTED_FOR_MS);
    await this.sampler.pass(({ everyMs }) => everyMs <= OFTEN_MS);
    return this.read();
  }
}
