/** What a proxy has seen and done since it was started. */
export interface Counters {
  /** Of clients, cancel requests among them. */
  connections: number;
  /** COMMITs that arrived at the proxy. */
  commits: number;
  requestsDropped: number;
  /** Counted when the reply has come, so the transaction has been committed. */
  repliesDropped: number;
  requestsLate: number;
  /** Connections that the proxy has broken. */
  resets: number;
  cancelRequests: number;
}

export function noneCounted(): Counters {
  return {
    connections: 0,
    commits: 0,
    requestsDropped: 0,
    repliesDropped: 0,
    requestsLate: 0,
    resets: 0,
    cancelRequests: 0,
  };
}
