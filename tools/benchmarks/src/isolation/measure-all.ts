import { startRestartableServer } from '@tenantry/embedded-postgres';
import { withDelay } from './delayed.ts';
import { type HttpEffort, measureHttp } from './http/requests.ts';
import { type Installation, type Size, withInstallation } from './installation.ts';
import type { Effort } from './measure.ts';
import type { Measurements } from './measurements.ts';
import { measureProvisioning } from './provisioning.ts';
import { countTraffic } from './round-trips.ts';
import { measureInRounds, type Rounds } from './rounds.ts';
import { scenarioNames } from './scenarios.ts';
import { measureTenants, type TenantEffort } from './tenants.ts';
import { verifyAll } from './verify.ts';

/** How much is done. */
export interface Scale {
  readonly size: Size;
  readonly rounds: Rounds;
  readonly effort: Effort;
  readonly warmUp: Effort;
  readonly http: HttpEffort;
  readonly placements: number;
  readonly tenants: TenantEffort;
}

const DELAY_MS = 1;
/** A placement of one's own makes no difference that depends on the scenario. */
const DEDICATED = ['readByKey', 'unitOfWork'] as const;

type InInstallation = Omit<Measurements, 'tenants'>;

/** On a server of its own, after everybody has shown to do what is asked. */
export async function measureAll(scale: Scale): Promise<Measurements> {
  const server = await startRestartableServer({
    settings: { max_connections: 300, shared_buffers: '512MB' },
  });
  try {
    const measured = await withInstallation(server.address, scale.size, async (installation) => {
      await verifyAll(installation);
      return measureIn(installation, scale);
    });
    return { ...measured, tenants: await measureTenants(server.address, scale.tenants) };
  } finally {
    await server.end();
  }
}

async function measureIn(
  installation: Installation,
  { rounds, effort, warmUp, http, placements }: Scale,
): Promise<InInstallation> {
  const { shared, dedicated, size, database } = installation;
  const bySubjects = await withDelay(DELAY_MS, shared, async (delayed) => ({
    traffic: await countTraffic(delayed, size.rows),
    series: await measureInRounds({
      settings: [
        { name: '0 ms', scenarios: scenarioNames, ...shared },
        { name: '+1 ms', scenarios: scenarioNames, ...delayed },
        { name: 'dedicated', scenarios: DEDICATED, ...dedicated },
      ],
      rows: size.rows,
      rounds,
      effort,
      warmUp,
    }),
    http: await measureHttp(installation, delayed, http),
  }));
  const { rows } = await database.pool.query<{ server_version: string }>('show server_version');
  return {
    size,
    rounds: bySubjects.series[0]?.samples.length ?? 0,
    effort,
    connections: shared.place.connections,
    postgresql: rows[0]?.server_version ?? 'unknown',
    ...bySubjects,
    provisioning: await measureProvisioning(installation, placements),
  };
}
