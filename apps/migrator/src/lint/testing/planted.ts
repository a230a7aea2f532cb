import type { MigrationListName } from '@tenantry/persistence';
import { lint } from '../lint.ts';
import type { Lintable } from '../parsed-migration.ts';

export const STRICT = `tenant_id = current_setting('app.tenant_id')::uuid`;
export const KEYED = 'tenant_id uuid not null, id uuid not null, primary key (tenant_id, id)';

export const policy = (table: string): string =>
  `create policy tenant_isolation on ${table} using (${STRICT}) with check (${STRICT})`;

/** Makes a table as a table of tenants should be. */
export const NOTE = [
  `create table note (${KEYED}, task_id uuid, body text);`,
  'alter table note enable row level security',
  'alter table note force row level security',
  policy('note'),
];

/** A migration that nobody has written. */
export const planted = (up: readonly string[], more: Partial<Lintable> = {}): Lintable => ({
  name: '20300101000000-planted',
  kind: 'expand',
  accepts: {},
  down: null,
  ...more,
  up,
});

/** The rules that are broken by a planted migration, each once. */
export async function rulesBrokenBy(
  list: MigrationListName,
  up: readonly string[],
  more?: Partial<Lintable>,
): Promise<string[]> {
  const findings = await lint(list, planted(up, more));
  return [...new Set(findings.map(({ rule }) => rule))].sort();
}

/** What breaks a rule, by what it is; and what is right instead. */
export type RuleCase = readonly [
  rule: string,
  wrong: Readonly<Record<string, readonly string[]>>,
  right: readonly string[],
];

export function describeRules(cases: readonly RuleCase[]): void {
  describe.each(cases)('%s', (rule, wrong, right) => {
    it.each(Object.entries(wrong))('bites: %s', async (_what, up) => {
      expect(await rulesBrokenBy('tenant', up)).toContain(rule);
    });

    it('lets pass what is right', async () => {
      expect(await rulesBrokenBy('tenant', right)).not.toContain(rule);
    });
  });
}
