import { Counter, Gauge, Histogram } from 'prom-client';
import { registry } from './registry.ts';

/** The connections of a pool. */
export interface PoolCounts {
  readonly max: number;
  readonly total: number;
  readonly idle: number;
  /** How many wait for one. */
  readonly waiting: number;
}

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];
const pools = new Set<() => PoolCounts>();

new Gauge({
  name: 'db_client_connection_count',
  help: 'Connections that this process has, by whether they are in use.',
  labelNames: ['state'],
  registers: [registry],
  collect() {
    const { total, idle } = sum();
    this.set({ state: 'used' }, total - idle);
    this.set({ state: 'idle' }, idle);
  },
});
new Gauge({
  name: 'db_client_connection_max',
  help: 'Connections that this process may have.',
  registers: [registry],
  collect() {
    this.set(sum().max);
  },
});
new Gauge({
  name: 'db_client_connection_pending_requests',
  help: 'Those who wait for a connection now.',
  registers: [registry],
  collect() {
    this.set(sum().waiting);
  },
});
const waits = new Histogram({
  name: 'db_client_connection_wait_time_seconds',
  help: 'Time until a connection was had from the pool.',
  buckets: SECONDS,
  registers: [registry],
});
const uses = new Histogram({
  name: 'db_client_connection_use_time_seconds',
  help: 'Time from getting a connection until it was given back.',
  buckets: SECONDS,
  registers: [registry],
});
const timeouts = new Counter({
  name: 'db_client_connection_timeouts_total',
  help: 'Those who have waited for a connection in vain.',
  registers: [registry],
});
const leaks = new Counter({
  name: 'tenantry_connections_leaked_total',
  help: 'Connections that were held for longer than DB_LEAK_WARNING_MS; the log says where they were taken.',
  registers: [registry],
});
const losses = new Counter({
  name: 'tenantry_connections_lost_total',
  help: 'Connections that the server or the network has ended.',
  registers: [registry],
});

/** What happens in a pool. */
export const poolMetrics = {
  waited: (seconds: number): void => {
    waits.observe(seconds);
  },
  used: (seconds: number): void => {
    uses.observe(seconds);
  },
  timedOut: (): void => {
    timeouts.inc();
  },
  leaked: (): void => {
    leaks.inc();
  },
  lost: (): void => {
    losses.inc();
  },
};

/** Counts the connections of a pool among those of the process. @returns what ends that */
export function watchPool(read: () => PoolCounts): () => void {
  pools.add(read);
  return () => {
    pools.delete(read);
  };
}

function sum(): PoolCounts {
  const all = [...pools].map((read) => read());
  const total = (key: keyof PoolCounts): number =>
    all.reduce((before, counts) => before + counts[key], 0);
  return {
    max: total('max'),
    total: total('total'),
    idle: total('idle'),
    waiting: total('waiting'),
  };
}
