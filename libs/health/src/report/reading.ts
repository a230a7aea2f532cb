export type Status = 'pass' | 'warn' | 'fail';

/** From where on a value is a warning, and from where on a failure. */
export interface Threshold {
  readonly unit?: string;
  readonly warn?: number;
  readonly fail?: number;
  /** It is the low values that are bad. */
  readonly lowIsBad?: boolean;
  /** What to do when it is not as it should be. */
  readonly advice: string;
}

/** What an indicator has found, in the words of health+json where it has some. */
export interface Reading {
  readonly name: string;
  readonly status: Status;
  /** `null` when nobody knows. */
  readonly observedValue: unknown;
  readonly observedUnit?: string;
  /** What it was compared with. */
  readonly threshold?: unknown;
  /** More of it, for whoever looks closer. */
  readonly detail?: unknown;
  /** Why it is not known. */
  readonly output?: string;
  /** What to do about it; of what passes there is none. */
  readonly advice?: string;
}

const SEVERITY = { pass: 0, warn: 1, fail: 2 } as const satisfies Record<Status, number>;

export function worst(statuses: Iterable<Status>): Status {
  let found: Status = 'pass';
  for (const status of statuses) {
    found = SEVERITY[status] > SEVERITY[found] ? status : found;
  }
  return found;
}

/**
 * A value compared with its threshold.
 * @param value `null` when nobody knows
 */
export function measured(
  name: string,
  value: number | null,
  { unit, warn, fail, lowIsBad = false, advice }: Threshold,
  detail?: unknown,
): Reading {
  if (value === null) {
    return unknown(name, 'it is not known yet', advice);
  }
  const reaches = (limit: number | undefined): boolean =>
    limit !== undefined && (lowIsBad ? value < limit : value >= limit);
  const status = reaches(fail) ? 'fail' : reaches(warn) ? 'warn' : 'pass';
  return {
    name,
    status,
    observedValue: Math.round(value * 100) / 100,
    ...(unit !== undefined && { observedUnit: unit }),
    ...((warn ?? fail) !== undefined && {
      threshold: {
        ...(warn !== undefined && { warn }),
        ...(fail !== undefined && { fail }),
        ...(lowIsBad && { lowIsBad }),
      },
    }),
    ...(detail !== undefined && { detail }),
    ...(status !== 'pass' && { advice }),
  };
}

/** Something that is or is not as it should be. */
export function judged(
  name: string,
  status: Status,
  observedValue: unknown,
  more: Pick<Reading, 'threshold' | 'detail'> & { readonly advice: string },
): Reading {
  const { advice, ...rest } = more;
  return { name, status, observedValue, ...rest, ...(status !== 'pass' && { advice }) };
}

/** What could not be read is never taken for good. */
export function unknown(name: string, why: string, advice: string): Reading {
  return { name, status: 'warn', observedValue: null, output: why, advice };
}
