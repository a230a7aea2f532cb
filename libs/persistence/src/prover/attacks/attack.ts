import type { EntityManager } from '@mikro-orm/postgresql';
import { errorParts } from '../../connection/connection-errors.ts';
import type { PlacedTenant } from '../../tenant-context/placed-tenant.ts';
import { type Finding, finding } from '../finding.ts';

/** What became of an attack. One that could not be tried has proven nothing. */
export interface AttackResult {
  readonly attack: string;
  readonly outcome: 'held' | 'breached' | 'inconclusive';
  readonly detail: string;
}

/** SQL that one tenant runs, in a transaction that is taken back. */
export interface SqlAttack {
  readonly attack: string;
  readonly statements: readonly Statement[];
  /**
   * What the last statement must do: be refused with one of these SQLSTATEs, touch no row (it counts them as `hit`), or
   * succeed.
   */
  readonly must: { readonly fail: readonly string[] } | 'hit-nothing' | 'succeed';
}

export interface Statement {
  readonly sql: string;
  readonly parameters?: readonly string[];
}

/** Runs statements on behalf of a tenant, as the app would, gives the rows of the last one, and takes them all back. */
export type RunAs = (tenant: PlacedTenant, statements: readonly Statement[]) => Promise<Rows>;

type Rows = readonly { readonly hit?: number }[];

/** Runs statements one after another, and gives the rows of the last one. */
export async function runAll(
  transaction: EntityManager,
  statements: readonly Statement[],
): Promise<Rows> {
  let rows: Rows = [];
  for (const { sql, parameters = [] } of statements) {
    rows = await transaction.execute<{ hit?: number }[]>(sql, [...parameters]);
  }
  return rows;
}

export async function tryAttack(
  runAs: RunAs,
  attacker: PlacedTenant,
  { attack, statements, must }: SqlAttack,
): Promise<AttackResult> {
  try {
    const [row] = await runAs(attacker, statements);
    const hit = row?.hit ?? 0;
    if (must === 'succeed' || (must === 'hit-nothing' && hit === 0)) {
      return { attack, outcome: 'held', detail: '' };
    }
    const detail = must === 'hit-nothing' ? `it reached ${hit} rows` : 'it was not refused';
    return { attack, outcome: 'breached', detail };
  } catch (error) {
    return { attack, ...outcomeOf(error, must) };
  }
}

function outcomeOf(error: unknown, must: SqlAttack['must']): Omit<AttackResult, 'attack'> {
  const { code = '', message } = errorParts(error);
  if (typeof must === 'object' && must.fail.includes(code)) {
    return { outcome: 'held', detail: `refused: ${code}` };
  }
  // Only the other tenant's row can be what stands in the way of something that must succeed.
  const breached = must === 'succeed' && code === '23505';
  return { outcome: breached ? 'breached' : 'inconclusive', detail: message };
}

export function checkAttack({ attack, outcome, detail }: AttackResult): Finding[] {
  switch (outcome) {
    case 'held':
      return [];
    case 'breached':
      return [finding('attack', attack, `succeeded: ${detail}`)];
    case 'inconclusive':
      return [finding('attack', attack, `could not be tried: ${detail}`)];
  }
}
