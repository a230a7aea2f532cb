import { Logger } from '@nestjs/common';
import { email, Member } from '@tenantry/domain';
import { acme, type Persistence, startPersistence } from '../testing/persistence-harness.ts';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly query?: string;
  readonly tenant?: string;
  readonly operator?: string;
  readonly durationMs?: number;
}

let persistence: Persistence;
const lines: Line[] = [];
const keep =
  (level: string) =>
  (line: object): void => {
    lines.push({ ...line, level } as Line);
  };

beforeAll(async () => {
  persistence = await startPersistence({ DB_SLOW_QUERY_MS: '30' });
  Logger.overrideLogger({
    log: keep('log'),
    warn: keep('warn'),
    error: keep('error'),
    debug: keep('debug'),
  });
});

beforeEach(() => {
  lines.length = 0;
});

afterAll(() => persistence.stop());

describe('the query log', () => {
  it('says on whose behalf, and how long it took', async () => {
    await persistence.as(acme, () => persistence.members.page({ limit: 1 }));
    await persistence.context.runAsOperator('a test', () =>
      persistence.entityManager.execute('select 1'),
    );

    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'debug',
        msg: 'query',
        tenant: 'acme',
        durationMs: expect.any(Number) as number,
        query: expect.stringContaining('from "shared"."member"') as string,
      }),
    );
    expect(lines).toContainEqual(
      expect.objectContaining({ operator: 'a test', query: 'select ?' }),
    );
  });

  it('has none of the values', async () => {
    await persistence.as(acme, async () => {
      persistence.members.add(
        new Member({ email: email('secret@example.com'), name: 'Secret Name' }),
      );
    });
    await persistence.as(acme, () => persistence.members.findByEmail(email('secret@example.com')));

    expect(lines.length).toBeGreaterThan(4);
    expect(JSON.stringify(lines)).not.toMatch(/secret|Secret Name/i);
    expect(JSON.stringify(lines)).not.toContain(acme.id);
  });

  it('warns of a slow query', async () => {
    await persistence.as(acme, () => persistence.entityManager.execute('select pg_sleep(0.05)'));

    expect(lines.filter(({ level }) => level === 'warn')).toEqual([
      expect.objectContaining({
        msg: 'slow query',
        tenant: 'acme',
        query: 'select pg_sleep(?)',
        statementId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
        explain: 'explain (generic_plan) select pg_sleep($1)',
      }),
    ]);
  });

  it('warns of a query that failed', async () => {
    await persistence
      .as(acme, () => persistence.entityManager.execute('select nonsense'))
      .catch(() => undefined);

    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', msg: 'query failed', query: 'select nonsense' }),
    );
  });
});
