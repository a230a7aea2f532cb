import { Outboxes, type ParkedEvent } from '@tenantry/persistence';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { type OutputOptions, print, table } from '../../output.ts';
import { inOperatorsScope } from '../tenant/in-operators-scope.ts';

/** Lists the events that could not be delivered, and wait for somebody to decide. */
export async function listParked(options: OutputOptions): Promise<ExitCode> {
  return inOperatorsScope('event parked', async (application) => {
    const events = await application.get(Outboxes).parked();
    print(
      { events: events.map(({ tenant, ...event }) => ({ tenant: tenant.slug, ...event })) },
      events.length > 0 ? table(events.map(rowOf)) : ['No event waits for anybody.'],
      options,
    );
    return EXIT.done;
  });
}

function rowOf({ tenant, id, name, attempts, parkedAt, error }: ParkedEvent): string[] {
  return [tenant.slug, id, name, parkedAt.toISOString(), `${attempts} × ${error ?? ''}`];
}
