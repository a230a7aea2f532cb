import type { Persistence } from '../persistence-harness.ts';

/** Something that sends statements, in a unit of work of a tenant. */
export interface Sender {
  /** What is called, and how. */
  readonly name: string;
  readonly run: (persistence: Persistence) => unknown;
}

/** By name, what sends statements. */
export type Senders = Readonly<Record<string, Sender['run']>>;

export function sendersOf(of: string, senders: Senders): readonly Sender[] {
  return Object.entries(senders).map(([name, run]) => ({ name: `${of}.${name}`, run }));
}
