import type { HttpMeasurements } from './http/requests.ts';
import type { Size } from './installation.ts';
import type { Effort, Sample } from './measure.ts';
import type { Provisioning } from './provisioning.ts';
import type { Traffic } from './round-trips.ts';
import type { Series, SettingName } from './rounds.ts';
import { type ScenarioName } from './scenarios.ts';
import type { TenantSeries } from './tenants.ts';
import { quotientOf, type Spread } from './statistics.ts';
import type { SubjectName } from './subject.ts';

/** All that was measured in one run. */
export interface Measurements {
  readonly size: Size;
  readonly rounds: number;
  readonly effort: Effort;
  readonly connections: number;
  readonly postgresql: string;
  readonly series: readonly Series[];
  readonly traffic: readonly Traffic[];
  readonly http: HttpMeasurements;
  readonly provisioning: Provisioning;
  readonly tenants: TenantSeries;
}

/** What of a sample. */
type Metric = keyof Sample;

/** Where and in what two subjects are compared. */
export interface Case {
  readonly setting: SettingName;
  readonly scenario: ScenarioName;
  readonly metric: Metric;
}

/** What one subject takes, or does, for each of what another one does, over all rounds. */
export function ratioOf(
  measurements: Measurements,
  subject: SubjectName,
  over: SubjectName,
  where: Case,
): Spread {
  return quotientOf(valuesOf(measurements, subject, where), valuesOf(measurements, over, where));
}

/** What was measured in each round. */
export function valuesOf(
  { series }: Measurements,
  name: SubjectName,
  { setting, scenario, metric }: Case,
): readonly number[] {
  const found = series.find(
    (one) => one.setting === setting && one.scenario === scenario && one.subject === name,
  );
  return found?.samples.map((sample) => sample[metric]) ?? [];
}
