import type { Scale } from './measure-all.ts';

/** For what is kept: some minutes. */
export const FULL: Scale = {
  size: { tenants: 50, rows: 200 },
  rounds: { least: 5, most: 20, minutes: 4 },
  effort: { turns: 20, clients: 32, turnsOfClient: 3 },
  warmUp: { turns: 20, clients: 8, turnsOfClient: 5 },
  http: { rounds: 7, seconds: 2, clients: 32 },
  placements: 20,
  tenants: { rounds: 5, few: 10, many: 10_000 },
};

/** Whether anything has become much worse. */
export const CHECK: Scale = {
  ...FULL,
  rounds: { least: 3, most: 20, minutes: 2 },
  http: { ...FULL.http, rounds: 3 },
  tenants: { ...FULL.tenants, rounds: 2 },
};

/** Whether all of it still works: its figures mean nothing. */
export const SHORT: Scale = {
  size: { tenants: 3, rows: 110 },
  rounds: { least: 1, most: 1, minutes: 0 },
  effort: { turns: 3, clients: 4, turnsOfClient: 1 },
  warmUp: { turns: 1, clients: 1, turnsOfClient: 0 },
  http: { rounds: 1, seconds: 1, clients: 4 },
  placements: 2,
  tenants: { rounds: 1, few: 2, many: 20 },
};
