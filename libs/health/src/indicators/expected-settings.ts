import type { Status } from '../report/reading.ts';

/** A setting of the server, and what it should be. */
export interface ExpectedSetting {
  readonly name: string;
  readonly expected: string;
  /** @param value as `pg_settings` has it: times in their unit there */
  readonly fits: (value: string) => boolean;
  /** What it is when it does not fit. */
  readonly otherwise: Status;
  readonly advice: string;
}

const is =
  (...wanted: readonly string[]) =>
  (value: string): boolean =>
    wanted.includes(value);

/** @param poolMax how many connections a process may have */
export function expectedSettings(poolMax: number): readonly ExpectedSetting[] {
  return [
    {
      name: 'fsync',
      expected: 'on',
      fits: is('on'),
      otherwise: 'fail',
      advice: 'Set it to on: a crash of the machine would leave a database that cannot be used.',
    },
    {
      name: 'full_page_writes',
      expected: 'on',
      fits: is('on'),
      otherwise: 'fail',
      advice: 'Set it to on: a crash could leave pages that are half old and half new.',
    },
    {
      name: 'synchronous_commit',
      expected: 'not off',
      fits: (value) => value !== 'off',
      otherwise: 'fail',
      advice: 'Set it to on: writes that were acknowledged could be lost by a crash.',
    },
    {
      name: 'autovacuum',
      expected: 'on',
      fits: is('on'),
      otherwise: 'fail',
      advice: 'Set it to on: nothing else keeps the server from running out of transaction ids.',
    },
    {
      name: 'track_counts',
      expected: 'on',
      fits: is('on'),
      otherwise: 'fail',
      advice: 'Set it to on: autovacuum goes by what it counts.',
    },
    {
      name: 'max_connections',
      expected: `at least ${2 * poolMax}`,
      fits: (value) => Number(value) >= 2 * poolMax,
      otherwise: 'warn',
      advice:
        'Raise it, or lower DB_POOL_MAX: while a deployment rolls out there are two processes.',
    },
    {
      name: 'idle_in_transaction_session_timeout',
      expected: 'more than 0',
      fits: (value) => Number(value) > 0,
      otherwise: 'warn',
      advice: 'Set it, to 5min say, for whoever else connects: the app sets its own.',
    },
    {
      name: 'track_io_timing',
      expected: 'on',
      fits: is('on'),
      otherwise: 'warn',
      advice: 'Set it to on: without it nobody can tell what waits for the disk.',
    },
    {
      name: 'log_min_duration_statement',
      expected: '0 or more',
      fits: (value) => Number(value) >= 0,
      otherwise: 'warn',
      advice: 'Set it, to 1s say, so that the log has what is slow.',
    },
    {
      name: 'password_encryption',
      expected: 'scram-sha-256',
      fits: is('scram-sha-256'),
      otherwise: 'warn',
      advice: 'Set it to scram-sha-256, then set the passwords again.',
    },
    {
      name: 'ssl',
      expected: 'on',
      fits: is('on'),
      otherwise: 'warn',
      advice: 'Set it to on, and sslmode=verify-full in DATABASE_URL, unless nobody can listen in.',
    },
    {
      name: 'data_checksums',
      expected: 'on',
      fits: is('on'),
      otherwise: 'warn',
      advice: 'Run pg_checksums --enable while the server is down, to notice a disk that lies.',
    },
  ];
}
