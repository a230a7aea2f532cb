import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { DatabaseConfig } from '@tenantry/platform';
import { type Persistence, startPersistence } from '../testing/persistence-harness.ts';
import { budgetOf, ConnectionBudget, type ServerConnections } from './connection-budget.ts';

const server: ServerConnections = {
  max: 100,
  reserved: 3,
  others: 7,
  roleLimit: -1,
  databaseLimit: -1,
};
const pools = { poolMax: 10, poolReserved: 2, instances: 4 } as DatabaseConfig;

describe('the connections that all processes may want', () => {
  it('are those of each pool, those that are reserved, and two to look with, for each process', () => {
    expect(budgetOf(pools, server)).toEqual({ wanted: 56, available: 90 });
  });

  it.each([
    [{ roleLimit: 20 }, 20],
    [{ databaseLimit: 30, roleLimit: 40 }, 30],
    [{ roleLimit: 0 }, 0],
    [{ others: 200 }, 0],
  ])('can be had as far as all limits allow: %j', (limits, available) => {
    expect(budgetOf(pools, { ...server, ...limits })).toMatchObject({ available });
  });
});

describe('a process that starts', () => {
  let persistence: Persistence;

  beforeAll(async () => {
    persistence = await startPersistence();
  });

  afterAll(() => persistence.stop());

  async function toldWith(config: Partial<DatabaseConfig>) {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const log = jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    const { context, transactional } = persistence;
    await new ConnectionBudget(
      { ...persistence.config.database, ...config },
      context,
      transactional,
    ).onApplicationBootstrap();
    const told = { warnings: warn.mock.calls.flat(), lines: log.mock.calls.flat() };
    jest.restoreAllMocks();
    return told;
  }

  it('says what it has found', async () => {
    const { warnings, lines } = await toldWith({ poolMax: 1, poolReserved: 1 });

    expect(warnings).toEqual([]);
    expect(lines).toEqual([
      expect.objectContaining({
        wanted: 4,
        max: expect.any(Number) as number,
        others: expect.any(Number) as number,
        roleLimit: -1,
      }),
    ]);
  });

  it('is warned when the pools of all processes want too much', async () => {
    const { warnings } = await toldWith({ poolMax: 10, instances: 1_000 });

    expect(warnings).toEqual([
      expect.objectContaining({
        msg: expect.stringContaining('lower DB_POOL_MAX') as string,
        wanted: 14_000,
      }),
    ]);
  });
});
