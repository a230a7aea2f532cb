import { Outbox, placed, TenantContext } from '@tenantry/persistence';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type OutputOptions, print } from '../../output.ts';
import { inOperatorsScope, tenantCalled } from '../tenant/in-operators-scope.ts';

/** What can be decided of a parked event. */
export const DECISIONS = {
  retry: 'deliver it again, as if for the first time',
  discard: 'give it up, so that those behind it are delivered',
} as const;

export interface DecideOptions extends OutputOptions {
  readonly tenant: string;
  readonly id: string;
}

export async function decide(
  decision: keyof typeof DECISIONS,
  { tenant: slug, id, ...options }: DecideOptions,
): Promise<ExitCode> {
  return inOperatorsScope(`event ${decision} ${id}`, async (application) => {
    const tenant = placed(await tenantCalled(application, slug));
    const outbox = application.get(Outbox);
    await application.get(TenantContext).run(tenant, () => outbox[decision](id));
    print({ id, decision }, [`${id}: ${DECISIONS[decision]}`], options);
    return EXIT.done;
  });
}
