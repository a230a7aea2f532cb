/** How well what is sent gets on. It can be changed at any time, for all connections. */
export interface Network {
  /** What is sent is so many ms on its way. */
  delayMs: { toServer: number; toClient: number };
  /** For each direction of each connection. */
  bytesPerSecond: number;
  /** What is sent is cut into pieces of so many bytes. */
  sliceBytes: number;
}

export function goodNetwork(): Network {
  return {
    delayMs: { toServer: 0, toClient: 0 },
    bytesPerSecond: Infinity,
    sliceBytes: Infinity,
  };
}
