import { SHARED_SCHEMA } from '@tenantry/domain';

/** Which placements, and in which waves. */
export interface WaveOptions {
  /** Only these: schemas of placements, or slugs of tenants that are in them. */
  readonly only?: readonly string[];
  /** Not these. */
  readonly exclude?: readonly string[];
  /** These first, and nothing else unless all of them succeed. */
  readonly canary?: readonly string[];
  /** Up to how much of what is left each of the next waves goes (percent, growing); all of it at once unless said otherwise. */
  readonly waves?: readonly number[];
  /** Whether a name of nothing is no mistake. */
  readonly ignoreUnknown?: boolean;
}

/** What can be asked for by name. */
interface Named {
  readonly name: string;
  /** What else it may be called by. */
  readonly slugs: readonly string[];
}

/** Placements that are done before the next ones begin. */
export interface Wave<Work> {
  readonly name: string;
  readonly targets: readonly Work[];
  /** Whether a single failure ends the run. */
  readonly isCanary: boolean;
}

/** A placement or tenant was named that there is not. */
export class UnknownPlacement extends Error {
  override readonly name = 'UnknownPlacement';

  constructor(names: readonly string[]) {
    super(
      `There is no such placement or tenant: ${names.join(', ')}. \`tenant list\` names the tenants, \`status\` the placements.`,
    );
  }
}

/** A canary was named that is not among what is asked for: everything else would begin without it. */
export class CanaryRuledOut extends Error {
  override readonly name = 'CanaryRuledOut';

  constructor(names: readonly string[]) {
    super(
      `--only or --exclude rules a canary out: ${names.join(', ')}. Name one of those that are to be done.`,
    );
  }
}

/** All names that placements are called by, of which the slugs have to be looked up. */
export function namesIn({ only = [], exclude = [], canary = [] }: WaveOptions): readonly string[] {
  return [...only, ...exclude, ...canary];
}

/**
 * Those of the placements that are asked for. A pure function.
 * @param placements all there are, also where nothing is to be done
 * @throws {UnknownPlacement}
 * @throws {CanaryRuledOut}
 */
export function select<Work extends Named>(
  placements: readonly Work[],
  options: WaveOptions,
): readonly Work[] {
  const { only, exclude = [], canary = [], ignoreUnknown = false } = options;
  const selected = placements.filter(
    (placement) =>
      (only === undefined || isCalled(placement, only)) && !isCalled(placement, exclude),
  );
  if (!ignoreUnknown) {
    const unknown = namesOutside(placements, namesIn(options));
    if (unknown.length > 0) {
      throw new UnknownPlacement(unknown);
    }
    const ruledOut = namesOutside(selected, canary);
    if (ruledOut.length > 0) {
      throw new CanaryRuledOut(ruledOut);
    }
  }
  return selected;
}

function namesOutside(placements: readonly Named[], names: readonly string[]): readonly string[] {
  const known = new Set(placements.flatMap(({ name, slugs }) => [name, ...slugs]));
  return names.filter((name) => !known.has(name));
}

/**
 * What comes after what: canaries, then ever more, and the shared placement at the very end, since most tenants are in it.
 * A pure function.
 */
export function planWaves<Work extends Named>(
  placements: readonly Work[],
  { canary = [], waves: shares = [] }: WaveOptions,
): readonly Wave<Work>[] {
  const canaries = placements.filter((placement) => isCalled(placement, canary));
  const rest = placements.filter((placement) => !canaries.includes(placement));
  const inOrder = [
    ...rest.filter(({ name }) => name !== SHARED_SCHEMA),
    ...rest.filter(({ name }) => name === SHARED_SCHEMA),
  ];
  const bounds = [...shares.filter((percent) => percent < 100), 100];
  const waves = bounds.map((percent, index): Wave<Work> => {
    const upTo = (share = 0): number => Math.ceil((inOrder.length * share) / 100);
    return {
      name: `${percent} %`,
      targets: inOrder.slice(upTo(bounds[index - 1]), upTo(percent)),
      isCanary: false,
    };
  });
  return [{ name: 'canary', targets: canaries, isCanary: true }, ...waves].filter(
    ({ targets }) => targets.length > 0,
  );
}

function isCalled({ name, slugs }: Named, names: readonly string[]): boolean {
  return names.includes(name) || slugs.some((slug) => names.includes(slug));
}
