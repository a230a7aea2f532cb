import type { Threshold } from './reading.ts';

const MINUTE = 60;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** All that values are compared with, and what to do from there on. */
export const THRESHOLDS = {
  'round-trip': {
    unit: 'ms',
    warn: 50,
    fail: 1_000,
    advice:
      'Look at the network between this process and the server, and at the load of the server.',
  },
  uptime: {
    unit: 's',
    warn: 5 * MINUTE,
    lowIsBad: true,
    advice: 'The server was started a moment ago: see in its log why.',
  },
  connections: {
    unit: '%',
    warn: 80,
    fail: 95,
    advice:
      'Lower DB_POOL_MAX or the number of processes, put a pooler in between, or raise max_connections.',
  },
  'pool-in-use': {
    unit: '%',
    warn: 80,
    advice:
      'Look for long transactions and for connections that are held (they are in the log); else raise DB_POOL_MAX.',
  },
  'pool-waiting': {
    warn: 1,
    fail: 10,
    advice:
      'All connections are in use: look for long transactions and locks, or raise DB_POOL_MAX.',
  },
  'oldest-transaction': {
    unit: 's',
    warn: MINUTE,
    fail: 15 * MINUTE,
    advice:
      'It keeps vacuum from cleaning up. Find it in pg_stat_activity; end it by pg_terminate_backend.',
  },
  'idle-in-transaction': {
    unit: 's',
    warn: 15,
    fail: 5 * MINUTE,
    advice:
      'Somebody has begun a transaction and does something else. Set idle_in_transaction_session_timeout; the app sets its own.',
  },
  'longest-lock-wait': {
    unit: 's',
    warn: 5,
    fail: MINUTE,
    advice: 'See who blocks, in the detail; end it by pg_cancel_backend or pg_terminate_backend.',
  },
  'transactions-per-second': { unit: '1/s', advice: 'Ask again after the next sample.' },
  deadlocks: {
    warn: 1,
    fail: 10,
    advice:
      'Transactions lock the same rows in different orders: the server’s log has their statements.',
  },
  'temp-files': {
    unit: 'B/s',
    warn: 10 * MIB,
    fail: 100 * MIB,
    advice: 'Sorts and hashes do not fit into work_mem: see the top statements, or raise it.',
  },
  'cache-hit': {
    unit: '%',
    warn: 90,
    lowIsBad: true,
    advice: 'What is read does not fit into shared_buffers: see the top statements, or raise it.',
  },
  'transaction-id-age': {
    warn: 500_000_000,
    fail: 1_500_000_000,
    advice:
      'Vacuum does not keep up. At 2.1 billion the server takes no more writes: find what holds it back (old transactions, slots), then vacuum.',
  },
  'multixact-age': {
    warn: 500_000_000,
    fail: 1_500_000_000,
    advice: 'Vacuum does not keep up: find what holds it back, then vacuum.',
  },
  'bloated-tables': {
    warn: 1,
    advice:
      'A fifth of their rows are dead: find what holds vacuum back, or let autovacuum come sooner.',
  },
  'replication-lag': {
    unit: 's',
    warn: 10,
    fail: 5 * MINUTE,
    advice: 'A replica falls behind: look at its load, its disk and the network.',
  },
  'slots-retained': {
    unit: 'B',
    warn: GIB,
    fail: 10 * GIB,
    advice:
      'Nobody fetches what a replication slot keeps, and the disk fills up: bring its consumer back, or drop the slot.',
  },
  'wal-rate': { unit: 'B/s', advice: 'Ask again after the next sample.' },
  'database-size': { unit: 'B', advice: 'Ask again after the next sample.' },
  'placements-out-of-range': {
    warn: 1,
    advice: 'Their tenants are answered with 503: run migrate, or roll out the build they are for.',
  },
  quarantined: {
    warn: 1,
    advice:
      'Migrating them has failed: see status for where, mend that, and run migrate for them again.',
  },
  'changed-migrations': {
    fail: 1,
    advice:
      'A migration was changed after it had been applied: restore it, and put the change into a new one.',
  },
  'failed-operations': {
    warn: 1,
    advice: 'See tenant list for what has failed, mend that, and run tenant repair.',
  },
  'oldest-operation': {
    unit: 's',
    warn: 2 * MINUTE,
    advice: 'Nobody carries out what was requested: is a provisioner running?',
  },
  'parked-events': {
    warn: 1,
    advice: 'See event parked for what could not be delivered and why, and retry or discard it.',
  },
  'outdated-seeds': {
    warn: 1,
    advice: 'Some tenants have what an older version of a seeder has left: run migrator seed.',
  },
} as const satisfies Record<string, Threshold>;

export type Measure = keyof typeof THRESHOLDS;
