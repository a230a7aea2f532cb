import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Probe, type Queryable, TenantContext } from '@tenantry/persistence';
import { type Health, startHealth, until } from '../testing/health-harness.ts';
import { Indicator } from './indicator.ts';
import { judged, measured, type Reading } from './reading.ts';
import { Sampler } from './sampler.ts';

let health: Health;

beforeAll(async () => {
  health = await startHealth({}, { indicators: [CanaryIndicator] });
});

afterAll(() => health.stop());

/** One of somebody's own, with what it needs injected. */
@Injectable()
class CanaryIndicator extends Indicator {
  override readonly name = 'canary';

  constructor(private readonly context: TenantContext) {
    super();
  }

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const [row] = await database.execute<{ n: number }[]>('select ?::int as n', [42]);
    const advice = this.context instanceof TenantContext ? 'Feed it.' : 'Inject it.';
    return [measured('canaries', row?.n ?? null, { warn: 40, advice })];
  }
}

/** One that does what the spec says, and counts how often. */
class Planted extends Indicator {
  override readonly deadlineMs = 1_500;
  observed = 0;

  constructor(
    override readonly name: string,
    private readonly look: (database: Queryable) => Promise<unknown>,
    override readonly everyMs = 15_000,
  ) {
    super();
  }

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    this.observed += 1;
    await this.look(database);
    return [judged(this.name, 'pass', true, { advice: '' })];
  }
}

const fine = (name: string, everyMs?: number): Planted =>
  new Planted(name, (database) => database.execute('select 1'), everyMs);
const sampling = (indicators: readonly Indicator[], url = health.config.database.url): Sampler =>
  new Sampler(indicators, new Probe(url, 'spec', 'operator'), false);
const statusesOf = (sampler: Sampler): string[] =>
  Object.values(sampler.observations()).map(([one]) => `${one?.name} ${one?.status}`);

describe('an indicator of somebody’s own', () => {
  it('is injected what it needs, reads the database, and is in the report', async () => {
    await health.sampler.pass();

    const { checks } = await health.report.read();

    expect(checks['canary']).toEqual([
      {
        name: 'canaries',
        status: 'warn',
        observedValue: 42,
        threshold: { warn: 40 },
        advice: 'Feed it.',
        time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      },
    ]);
  });
});

describe('an indicator that cannot look', () => {
  it.each([
    ['fails', (database: Queryable) => database.execute('select 1 / 0'), /division by zero/],
    [
      'asks for too long',
      (database: Queryable) => database.execute('select pg_sleep(5)'),
      // Whoever keeps the time first.
      /the server has not answered within 1500 ms|canceling statement due to statement timeout/,
    ],
    ['hangs', () => sleep(5_000), /it has taken longer than 1500 ms/],
  ])('is a warning with the reason when it %s, and stops no other', async (_how, look, reason) => {
    const bad = new Planted('bad', look);
    const sampler = sampling([fine('before'), bad, fine('after')]);

    await sampler.pass();

    expect(statusesOf(sampler)).toEqual(['before pass', 'bad warn', 'after pass']);
    expect(sampler.observations()['bad']).toMatchObject([
      { observedValue: null, output: expect.stringMatching(reason) as string },
    ]);
    sampler.onApplicationShutdown();
  });

  it('is waited for once in a pass when nobody can connect', async () => {
    const url = new URL(health.config.database.url);
    url.port = '1';
    const sampler = sampling([fine('one'), fine('two')], url.href);

    await sampler.pass();

    expect(statusesOf(sampler)).toEqual(['one warn', 'two warn']);
    expect(sampler.observations()['two']?.[0]?.output).toContain('ECONNREFUSED');
  });
});

describe('samples', () => {
  it('are taken when they are due, and never twice at once', async () => {
    const often = fine('often', 0);
    const rarely = fine('rarely');
    const sampler = sampling([often, rarely]);

    await Promise.all([sampler.pass(), sampler.pass(), sampler.pass()]);
    await sampler.pass();

    expect(rarely.observed).toBe(1);
    expect(often.observed).toBeGreaterThanOrEqual(2);
    expect(often.observed).toBeLessThanOrEqual(3);
    sampler.onApplicationShutdown();
  });

  it('that were never taken, or are too old, are no more than a warning’s worth', async () => {
    const sampler = sampling([fine('one', 20), fine('other', 20)]);
    expect(statusesOf(sampler)).toEqual(['one warn', 'other warn']);

    await sampler.pass();
    expect(statusesOf(sampler)).toEqual(['one pass', 'other pass']);
    await sleep(3 * 20 + 1_500 + 50);

    expect(statusesOf(sampler)).toEqual(['one warn', 'other warn']);
    expect(sampler.observations()['one']?.[0]?.output).toMatch(/^the sample is \d+ s old$/);
    sampler.onApplicationShutdown();
  });

  it('are taken from the start on, over one connection that ends with the process', async () => {
    const running = await startHealth({}, { takesSamples: true });

    expect(running.startup.isComplete).toBe(false);
    await running.module.init();
    expect(running.startup.isComplete).toBe(true);
    await until(async () => !('warn' in (running.sampler.observations()['pool'] ?? {})));
    await until(async () => (await running.probes()).length === 1);
    expect((await running.probes())[0]?.['name']).toBe('tenantry probe: samples');
    await running.module.close();

    await until(async () => (await running.probes()).length === 0);
    await running.stop();
  });
});
