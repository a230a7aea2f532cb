import { jest } from '@jest/globals';
import type { DatabaseHealth, Observation } from '@tenantry/health';
import { type RestartableServer, startRestartableServer } from '@tenantry/embedded-postgres';
import { withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import pc from 'picocolors';
import { run } from './cli.ts';
import { linesOf } from './health-lines.ts';

let server: RestartableServer;
const environment = { ...process.env };
let printed: string;
let complained: string;

/** A server that is set up as one should be: nothing fails there. */
const SETTINGS = { fsync: 'on', track_io_timing: 'on' };

beforeAll(async () => {
  server = await startRestartableServer({ settings: SETTINGS });
  await withFleet(readMigratorConfig({ ...server.address }), (fleet) => fleet.migrate());
}, 60_000);

afterAll(() => server.end());

beforeEach(() => {
  // The owner's credentials are not needed.
  delete process.env['MIGRATOR_DATABASE_URL'];
  Object.assign(process.env, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DB_CONNECT_RETRIES: '0',
    DATABASE_URL: server.address.DATABASE_URL,
  });
  jest.spyOn(console, 'log').mockImplementation((line: string) => {
    printed += line;
  });
  jest.spyOn(console, 'error').mockImplementation((line: unknown) => {
    complained += String(line);
  });
});

afterEach(() => {
  jest.restoreAllMocks();
  process.env = { ...environment };
});

async function doctor(...args: string[]): Promise<number> {
  printed = '';
  complained = '';
  return run(['node', 'migrator', 'doctor', ...args]);
}

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.address.MIGRATOR_DATABASE_URL });
  await client.connect();
  await client.query(sql);
  await client.end();
}

const read = (): DatabaseHealth => JSON.parse(printed) as DatabaseHealth;

describe('doctor', () => {
  it('exits with 0 when there are warnings only, and says what to do about each', async () => {
    expect(await doctor()).toBe(0);

    expect(printed).toMatch(
      /^pass +server +round-trip +[\d.]+ ms \(warn from 50 ms, fail from 1000 ms\)$/m,
    );
    expect(printed).toMatch(/^pass +activity +transactions-per-second +[\d.]+ 1\/s$/m);
    expect(printed).toMatch(
      /^warn +statements +top-statements +unknown\n +pg_stat_statements is not there\n +→ Add pg_stat_statements/m,
    );
    expect(printed).toMatch(/^Ready\. \d+ pass, \d+ warn, 0 fail\.\nNothing fails/m);
    // It is not a terminal.
    expect(printed).not.toContain('\u001b');
  }, 60_000);

  it('exits with 1 when something fails, and says what', async () => {
    await administer(
      `insert into catalog.migration (target, name, kind) values ('shared', '99-newer', 'contract')`,
    );

    expect(await doctor()).toBe(1);

    expect(printed).toMatch(
      /^fail +migrations +shared-version +\S+\n.*99-newer.*\n +→ It has gone past this build: roll out the newer one\./m,
    );
    expect(printed).toMatch(
      /^Not ready: shared is ahead of what this build can serve: 99-newer\./m,
    );
    await administer(`delete from catalog.migration where name = '99-newer'`);
  }, 60_000);

  it('prints the report that the API has, for programs', async () => {
    expect(await doctor('--json')).toBe(0);

    const { status, readiness, checks } = read();
    expect(status).toBe('warn');
    expect(readiness).toMatchObject({ state: 'ready', reason: null });
    expect(checks['isolation']).toMatchObject([{ observedValue: { leaks: 0 } }]);
  }, 60_000);

  it('says what it cannot connect to, and exits with 1', async () => {
    process.env['DATABASE_URL'] = 'postgresql://tenantry_app:secret@127.0.0.1:1/tenantry';

    expect(await doctor()).toBe(1);

    expect(complained).toMatch(/^Cannot connect to postgresql:\/\/tenantry_app@127\.0\.0\.1:1/);
  });
});

describe('a report for people', () => {
  const bad: Observation = {
    name: 'fsync',
    status: 'fail',
    observedValue: 'off',
    threshold: 'on',
    advice: 'Set it.',
    time: '',
  };
  const health: DatabaseHealth = {
    status: 'fail',
    readiness: { state: 'ready', since: '', reason: null, checkedAt: '' },
    checks: { settings: [bad] },
  };

  it('has no colour where nobody wants it', () => {
    expect(linesOf(health, pc.createColors(false))).toEqual([
      'fail  settings  fsync  off (should be on)',
      '      → Set it.',
      '',
      'Ready. 0 pass, 0 warn, 1 fail.',
      'Something fails: see to that first.',
    ]);
  });

  it('has the status in colour at a terminal', () => {
    const [line] = linesOf(health, pc.createColors(true));

    expect(line).toBe('\u001b[31mfail\u001b[39m  settings  fsync  off (should be on)');
  });
});
