import { say } from '../database.ts';
import type { Inhabited } from './installation.ts';
import { type Effort, measure, rotated, type Sample, Turns } from './measure.ts';
import type { ScenarioName } from './scenarios.ts';
import { connectAll } from './subjects.ts';
import type { Subject, SubjectName } from './subject.ts';

/** Where it is measured: in a shared placement, near and far, and in one of a tenant's own. */
export type SettingName = '0 ms' | '+1 ms' | 'dedicated';

interface Setting extends Inhabited {
  readonly name: SettingName;
  readonly scenarios: readonly ScenarioName[];
}

/** All samples of one subject in one scenario, one of each round. */
export interface Series {
  readonly setting: SettingName;
  readonly scenario: ScenarioName;
  readonly subject: SubjectName;
  readonly samples: readonly Sample[];
}

/** What is measured in rounds. */
export interface Plan {
  readonly settings: readonly Setting[];
  readonly rows: number;
  readonly rounds: Rounds;
  readonly effort: Effort;
  /** In a round that does not count: compilers and caches have come to rest by then. */
  readonly warmUp: Effort;
}

/** How many: all that begin within so many minutes, but no fewer and no more. */
export interface Rounds {
  readonly least: number;
  readonly most: number;
  readonly minutes: number;
}

/**
 * All subjects do each scenario of each setting in each round, and begin with another one each time. So what disturbs the machine
 * disturbs all alike, and the quotient of two of one round means something.
 */
export async function measureInRounds({
  settings,
  rows,
  rounds,
  effort,
  warmUp,
}: Plan): Promise<readonly Series[]> {
  const places: ConnectedSetting[] = [];
  try {
    for (const setting of settings) {
      const subjects = await connectAll(setting.place);
      places.push({ ...setting, subjects, turns: new Turns(setting.tenants, rows) });
    }
    const series = new Map<string, { samples: Sample[] } & Omit<Series, 'samples'>>();
    await doRound(places, 0, warmUp);
    const start = performance.now();
    for (let round = 1; isDue(round, rounds, start); round += 1) {
      say(`round ${round} of at most ${rounds.most}`);
      for (const { setting, scenario, subject, sample } of await doRound(places, round, effort)) {
        const key = `${setting} ${scenario} ${subject}`;
        const of = series.get(key) ?? { setting, scenario, subject, samples: [] };
        of.samples.push(sample);
        series.set(key, of);
      }
    }
    return [...series.values()];
  } finally {
    await Promise.all(places.flatMap(({ subjects }) => subjects.map((subject) => subject.end())));
  }
}

function isDue(round: number, { least, most, minutes }: Rounds, start: number): boolean {
  return round <= least || (round <= most && performance.now() - start < minutes * 60_000);
}

interface ConnectedSetting extends Setting {
  readonly subjects: readonly Subject[];
  readonly turns: Turns;
}

type Measured = Omit<Series, 'samples'> & { readonly sample: Sample };

async function doRound(
  places: readonly ConnectedSetting[],
  round: number,
  effort: Effort,
): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (const { name: setting, subjects, turns, scenarios } of places) {
    for (const [index, scenario] of scenarios.entries()) {
      const inTurn = rotated(subjects, round + index);
      for (const [subject, sample] of await measure(inTurn, scenario, turns, effort)) {
        measured.push({ setting, scenario, subject: subject.name, sample });
      }
    }
  }
  return measured;
}
