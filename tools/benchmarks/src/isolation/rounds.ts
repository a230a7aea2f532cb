import { say } from '../database.ts';
import type { Inhabited } from './installation.ts';
import { type Effort, measure, type Sample, Turns } from './measure.ts';
import { type ScenarioName, scenarioNames } from './scenarios.ts';
import { connectAll } from './subjects.ts';
import type { Subject, SubjectName } from './subject.ts';

/** Where it is measured: in a shared placement, near and far, and in one of a tenant's own. */
export type SettingName = '0 ms' | '+1 ms' | 'dedicated';

interface Setting extends Inhabited {
  readonly name: SettingName;
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
  readonly rounds: number;
  readonly effort: Effort;
}

/** Compilers and caches have come to rest by then. */
const WARM_UP: Effort = { turns: 20, clients: 8, turnsOfClient: 5 };

/**
 * All subjects take turns in each scenario of each setting, and begin at another one each time. So what disturbs the machine
 * disturbs neighbours alike, and the quotient of two of one round means something.
 */
export async function measureInRounds({
  settings,
  rows,
  rounds,
  effort,
}: Plan): Promise<readonly Series[]> {
  const places: ConnectedSetting[] = [];
  try {
    for (const setting of settings) {
      const subjects = await connectAll(setting.place);
      places.push({ name: setting.name, subjects, turns: new Turns(setting.tenants, rows) });
    }
    const series = new Map<string, { samples: Sample[] } & Omit<Series, 'samples'>>();
    for (let round = 0; round <= rounds; round += 1) {
      say(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
      for (const [{ name: setting, subjects, turns }, scenario] of pairs(places, scenarioNames)) {
        for (const subject of rotated(subjects, round + scenarioNames.indexOf(scenario))) {
          const sample = await measure(subject, scenario, turns, round === 0 ? WARM_UP : effort);
          if (round > 0) {
            const key = `${setting} ${scenario} ${subject.name}`;
            const of = series.get(key) ?? { setting, scenario, subject: subject.name, samples: [] };
            of.samples.push(sample);
            series.set(key, of);
          }
        }
      }
    }
    return [...series.values()];
  } finally {
    await Promise.all(places.flatMap(({ subjects }) => subjects.map((subject) => subject.end())));
  }
}

interface ConnectedSetting {
  readonly name: SettingName;
  readonly subjects: readonly Subject[];
  readonly turns: Turns;
}

function pairs<One, Other>(
  ones: readonly One[],
  others: readonly Other[],
): (readonly [One, Other])[] {
  return ones.flatMap((one) => others.map((other) => [one, other] as const));
}

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
