import type { PlacedTenant } from '../../tenant-context/placed-tenant.ts';
import type { Operation } from './operation.ts';

type AsOwner = <Rows extends object[]>(sql: string, parameters?: unknown[]) => Promise<Rows>;

/** What the database says of a history of operations. */
export interface Verdict {
  /** Acknowledged, and not there. */
  lost: number;
  /** There more than once. */
  duplicated: number;
  /** Refused, and there. */
  stray: number;
  /** What else is wrong, in words. */
  readonly problems: string[];
}

interface Entry {
  readonly operation: string;
  readonly source: number;
  readonly target: number;
}

/** Compares what the clients of a ledger were told with what is stored, as the owner sees it, whom no policy binds. */
export async function audit(
  asOwner: AsOwner,
  tenants: readonly PlacedTenant[],
  history: readonly Operation[],
): Promise<Verdict> {
  const verdict: Verdict = { lost: 0, duplicated: 0, stray: 0, problems: [] };
  for (const tenant of tenants) {
    const entries = await asOwner<Entry[]>(
      `select operation, source, target from "${tenant.schema}".entry where tenant_id = ?`,
      [tenant.id],
    );
    const known = history.filter((operation) => operation.tenant.id === tenant.id);
    compare(known, entries, verdict);
    verdict.problems.push(
      ...strangers(known, entries, tenant),
      ...(await unbalanced(asOwner, tenant, entries)),
      ...(await unfaithful(asOwner, tenant, entries)),
    );
  }
  return verdict;
}

function compare(known: readonly Operation[], entries: readonly Entry[], verdict: Verdict): void {
  const times = new Map<string, number>();
  for (const { operation } of entries) {
    times.set(operation, (times.get(operation) ?? 0) + 1);
  }
  for (const { id, outcome } of known) {
    const stored = times.get(id) ?? 0;
    verdict.lost += Number(outcome === 'ok' && stored === 0);
    verdict.duplicated += Number(stored > 1);
    verdict.stray += Number(outcome === 'fail' && stored > 0);
  }
}

/** Rows under a tenant that has not asked for them. */
function strangers(
  known: readonly Operation[],
  entries: readonly Entry[],
  { slug }: PlacedTenant,
): string[] {
  const own = new Set(known.map(({ id }) => id));
  return entries
    .filter(({ operation }) => !own.has(operation))
    .map(({ operation }) => `${slug} has ${operation}, which it has not asked for`);
}

async function unbalanced(
  asOwner: AsOwner,
  { id, slug, schema }: PlacedTenant,
  entries: readonly Entry[],
): Promise<string[]> {
  const accounts = await asOwner<{ id: number; balance: number }[]>(
    `select id, balance from "${schema}".account where tenant_id = ?`,
    [id],
  );
  return accounts
    .map((account) => ({
      ...account,
      expected:
        entries.filter(({ target }) => target === account.id).length -
        entries.filter(({ source }) => source === account.id).length,
    }))
    .filter(({ balance, expected }) => balance !== expected)
    .map(
      (account) => `${slug}: account ${account.id} has ${account.balance}, not ${account.expected}`,
    );
}

/** Each entry has its member, each member its event, and each event was delivered. */
async function unfaithful(
  asOwner: AsOwner,
  { id, slug, schema }: PlacedTenant,
  entries: readonly Entry[],
): Promise<string[]> {
  const [counts] = await asOwner<{ members: number; events: number; undelivered: number }[]>(
    `select (select count(*)::int from "${schema}".member where tenant_id = ?) as members,
       (select count(distinct e.aggregate_id)::int from "${schema}".outbox_event e
          join "${schema}".member m on m.tenant_id = e.tenant_id and m.id = e.aggregate_id where e.tenant_id = ?) as events,
       (select count(*)::int from "${schema}".outbox_event where tenant_id = ? and name is not null and delivered_at is null) as undelivered`,
    [id, id, id],
  );
  const { members, events, undelivered } = counts!;
  // Plain SQL knows of no members.
  return members === 0 || (members === entries.length && events === members && undelivered === 0)
    ? []
    : [
        `${slug}: ${entries.length} entries, ${members} members, ${events} events, ${undelivered} undelivered`,
      ];
}
