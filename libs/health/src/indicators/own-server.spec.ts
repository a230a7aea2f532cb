import { type RestartableServer, startRestartableServer } from '@tenantry/embedded-postgres';
import { Probe, withFleet } from '@tenantry/persistence';
import { readMigratorConfig } from '@tenantry/platform';
import { administer, connectHealth, type Health, until } from '../testing/health-harness.ts';
import { StatementsIndicator } from './statements.indicator.ts';

let server: RestartableServer;
let health: Omit<Health, 'stop'>;

/** What a server for production has, and one thing that goes wrong there. */
const SETTINGS = {
  fsync: 'on',
  shared_preload_libraries: 'pg_stat_statements',
  archive_mode: 'on',
  archive_command: 'false',
};

beforeAll(async () => {
  server = await startRestartableServer({ settings: SETTINGS });
  const config = readMigratorConfig({ ...server.address });
  await withFleet(config, (fleet) => fleet.migrate());
  await administer(config.ownerUrl, 'create extension pg_stat_statements');
  health = await connectHealth(config);
}, 60_000);

afterAll(async () => {
  await health.module.close();
  await server.end();
});

describe('a server that counts statements', () => {
  it('shows where its time goes, without values', async () => {
    await health.administer(`select 'a secret' || count(*) from generate_series(1, 200000)`);

    const { 'top-statements': top } = await health.observe();

    expect(top).toMatchObject({ status: 'pass', observedValue: 5 });
    expect(JSON.stringify(top?.detail)).toMatch(/"statement":"[^"]+","calls":\d+,"meanMs":/);
    expect(JSON.stringify(top?.detail)).not.toContain('a secret');
  });

  it('says that there are some which may not be seen', async () => {
    const blind = new Probe(health.config.database.url, 'spec', 'reader');

    expect(await new StatementsIndicator().observe(blind.within(2_000))).toMatchObject([
      { status: 'warn', advice: expect.stringContaining('pg_read_all_stats') as string },
    ]);
    blind.close();
  });
});

describe('a server that keeps what it has acknowledged', () => {
  it('passes the audit of that', async () => {
    expect(await health.observe()).toMatchObject({
      fsync: { status: 'pass' },
      full_page_writes: { status: 'pass' },
      synchronous_commit: { status: 'pass' },
    });
  });
});

describe('a replication slot that nobody reads', () => {
  it('is shown with what is kept for it', async () => {
    await health.administer(`select pg_create_physical_replication_slot('forgotten', true)`);

    expect(await health.observe()).toMatchObject({
      'slots-retained': {
        status: 'pass',
        detail: [{ name: 'forgotten', active: false, isLost: false }],
      },
    });
    await health.administer(`select pg_drop_replication_slot('forgotten')`);
  });
});

describe('an archive that takes nothing', () => {
  it('is a failure', async () => {
    await health.administer('select pg_switch_wal()');

    await until(async () => (await health.observe())['archiving']?.status === 'fail', 20_000);
  }, 30_000);
});
