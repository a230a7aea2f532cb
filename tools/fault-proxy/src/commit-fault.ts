/** The client gets a reset and the server loses its client; or both sides stay open, and nothing flows ever again. */
export type Aftermath = 'reset' | 'silence';

export type CommitFault =
  /** The server never gets the COMMIT. */
  | { readonly kind: 'request-dropped'; readonly then: Aftermath }
  /** The server has performed the COMMIT, and the client never hears of it. */
  | { readonly kind: 'reply-dropped'; readonly then: Aftermath }
  /** The client gets a reset, and the server gets the COMMIT all the same, as from a slow network. */
  | { readonly kind: 'request-late'; readonly afterMs: number };

export interface Faults {
  /**
   * Asked once for each COMMIT that arrives; `undefined` lets it pass.
   * @param backend the pid of the server's process that would get it
   */
  onCommit?: ((backend: number | undefined) => CommitFault | undefined) | undefined;
}

type OnCommit = NonNullable<Faults['onCommit']>;

/** The next `count` suffer it, those after them do not. */
export function nextCommits(count: number, fault: CommitFault): OnCommit {
  let left = count;
  return () => (left-- > 0 ? fault : undefined);
}

/** Each `n`th suffers it, first the one after `n` - 1 others. */
export function everyCommit(n: number, fault: CommitFault): OnCommit {
  let seen = 0;
  return () => (++seen % n === 0 ? fault : undefined);
}

/** @param probability of each to suffer it, from 0 to 1 */
export function someCommits(
  probability: number,
  fault: CommitFault,
  random: () => number = Math.random,
): OnCommit {
  return () => (random() < probability ? fault : undefined);
}
