import type { EntityManager } from '@mikro-orm/postgresql';
import { type tryAttack } from '../attacks/attack.ts';
import { rowAttacks } from '../attacks/row-attacks.ts';
import { attacker } from '../attacks/throw-away-tenants.ts';
import { type Finding, finding } from '../finding.ts';
import type { inspectPlacements } from '../inspect.ts';
import { rolledBack } from '../rolled-back.ts';
import { LEAKY_VARIANTS, type LeakyVariant } from './leaky-variants.ts';
import { type ScratchPlacement, withScratchPlacement } from './scratch-placement.ts';

/** Whether the prover saw what was planted for it; `missed` says what it did not see. */
export interface SelfTestResult {
  readonly planted: string;
  readonly missed: readonly string[];
}

/** What is tested: the very functions that inspect and attack real placements. */
export interface ProverParts {
  readonly inspectPlacements: typeof inspectPlacements;
  readonly tryAttack: typeof tryAttack;
}

/**
 * Lets the prover loose on tables that leak, and on one that does not. It needs the rows of the throw-away tenants.
 * @param owner not in a transaction yet
 */
export async function testProver(
  owner: EntityManager,
  login: string,
  parts: ProverParts,
): Promise<SelfTestResult[]> {
  return withScratchPlacement(owner, async (scratch) => {
    const results = [await testSound(scratch, login, parts)];
    for (const variant of LEAKY_VARIANTS) {
      results.push(await testLeaky(scratch, login, variant, parts));
    }
    return results;
  });
}

export function checkSelfTest({ planted, missed }: SelfTestResult): Finding[] {
  return missed.map((what) => finding('prover-blind', planted, what));
}

/** If sound tables were found to leak, that leaky ones are found to would say nothing. */
async function testSound(
  scratch: ScratchPlacement,
  login: string,
  parts: ProverParts,
): Promise<SelfTestResult> {
  const found = await findingsIn(scratch, login, parts);
  const missed = found.map(({ check }) => `is said to have ${check}, which it does not`);
  for (const attack of rowAttacks) {
    const { outcome, detail } = await parts.tryAttack(scratch.runAs, attacker, attack);
    if (outcome !== 'held') {
      missed.push(`is said to be open to: ${attack.attack} (${detail})`);
    }
  }
  return { planted: 'a sound table', missed };
}

async function testLeaky(
  scratch: ScratchPlacement,
  login: string,
  { leak, sql, check, breaches }: LeakyVariant,
  parts: ProverParts,
): Promise<SelfTestResult> {
  return rolledBack(scratch.transaction, async (savepoint) => {
    for (const statement of sql) {
      await savepoint.execute(statement);
    }
    const missed: string[] = [];
    const found = await findingsIn({ ...scratch, transaction: savepoint }, login, parts);
    if (!found.some((each) => each.check === check)) {
      missed.push(`was inspected, and ${check} not found`);
    }
    for (const attack of breaches) {
      const { outcome } = await parts.tryAttack(scratch.runAs, attacker, attack);
      if (outcome !== 'breached') {
        missed.push(`was attacked, and not breached: ${attack.attack}`);
      }
    }
    return { planted: leak, missed };
  });
}

/** Those that are about the scratch placement: what is wrong elsewhere is not what was planted. */
async function findingsIn(
  { schema, role, known, transaction }: ScratchPlacement,
  login: string,
  parts: ProverParts,
): Promise<Finding[]> {
  const found = await parts.inspectPlacements(transaction, login, [{ schema, role, known }]);
  return found.filter(({ where }) => where.startsWith(schema));
}
