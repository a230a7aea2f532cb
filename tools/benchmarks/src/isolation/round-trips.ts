import type { Delayed } from './delayed.ts';
import { Turns } from './measure.ts';
import { type ScenarioName, scenarioNames } from './scenarios.ts';
import { connectAll } from './subjects.ts';
import type { SubjectName } from './subject.ts';

const TURNS = 10;

/** What one turn takes of the network. */
export interface Traffic {
  readonly scenario: ScenarioName;
  readonly subject: SubjectName;
  /** How often it waits for an answer. */
  readonly roundTrips: number;
  /** What it sends: a query of the simple protocol is one, one of the extended protocol is five. */
  readonly messages: number;
}

/** Counts by the proxy, one client at a time on connections that are there. */
export async function countTraffic(delayed: Delayed, rows: number): Promise<readonly Traffic[]> {
  const traffic: Traffic[] = [];
  const subjects = await connectAll(delayed.place);
  const turns = new Turns(delayed.tenants, rows);
  try {
    for (const subject of subjects) {
      for (const scenario of scenarioNames) {
        await turns.take(subject, scenario);
        await delayed.count();
        for (let turn = 0; turn < TURNS; turn += 1) {
          await turns.take(subject, scenario);
        }
        const { roundTrips, messages } = await delayed.count();
        traffic.push({
          scenario,
          subject: subject.name,
          roundTrips: roundTrips / TURNS,
          messages: messages / TURNS,
        });
      }
    }
    return traffic;
  } finally {
    await Promise.all(subjects.map((subject) => subject.end()));
  }
}
