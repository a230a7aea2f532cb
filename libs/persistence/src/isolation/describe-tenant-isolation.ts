import type { MigratorConfig } from '@tenantry/platform';
import type { Effect } from './attack.ts';
import { Experiment, type Subject } from './experiment.ts';
import { READS } from './reads.ts';
import { WRITES } from './writes.ts';

/** What Jest and its kin have as globals in a spec. */
interface Suite {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, test: () => void | Promise<void>) => void;
  readonly beforeAll: (work: () => Promise<void>, timeoutMs: number) => void;
  readonly afterAll: (work: () => Promise<void>) => void;
}

/** The attacks together take some seconds. */
const TIMEOUT_MS = 120_000;

export const ATTACKS = [...READS, ...WRITES];

/**
 * A contract for a tenant-owned entity: one call in a spec runs every known way to SQL against it, as one tenant at another
 * one's rows, on a real database. No way may leak. That the attacks are real is shown without any isolation, where they
 * all have to leak if both tenants share a placement, and some of them if not.
 * @param subject names the entity and both tenants; `config` gives the address of a migrated database that the spec has to
 * itself, once the spec runs
 */
export function describeTenantIsolation(
  subject: Subject & { readonly config: () => MigratorConfig },
  { describe, it, beforeAll, afterAll }: Suite = globalThis as unknown as Suite,
): void {
  const { entity, attacker, victim, config } = subject;
  describe(`${entity.name} of ${victim.slug}, attacked by ${attacker.slug}`, () => {
    let experiment: Experiment;
    let guarded: ReadonlyMap<string, Effect>;
    let unguarded: ReadonlyMap<string, Effect>;

    beforeAll(async () => {
      experiment = new Experiment(config(), subject);
      guarded = await experiment.effects(ATTACKS);
      unguarded = await experiment.effects(ATTACKS, []);
    }, TIMEOUT_MS);

    afterAll(() => experiment.close());

    for (const { way } of ATTACKS) {
      it(`does not leak by ${way}`, () => {
        mustBe(guarded.get(way) !== 'leaks', `${entity.name} leaks by ${way}`);
      });
    }

    it('would leak if nothing kept tenants apart', () => {
      const harmless = ATTACKS.filter(({ way }) => !isReal(unguarded.get(way)));
      const names = harmless.map(({ way }) => `${way} (${String(unguarded.get(way))})`).join('; ');
      mustBe(
        victim.schema === attacker.schema
          ? harmless.length === 0
          : harmless.length < ATTACKS.length,
        `these attacks show nothing, since they do not leak without isolation either: ${names}`,
      );
    });
  });
}

function isReal(effect: Effect | undefined): boolean {
  return effect === 'leaks' || effect === 'stopped by a key';
}

function mustBe(fulfilled: boolean, otherwise: string): void {
  if (!fulfilled) {
    throw new Error(otherwise);
  }
}
