import { Logger } from '@nestjs/common';
import { type RestartableServer, startRestartableServer } from '@tenantry/embedded-postgres';
import { type Installation, withInstallation } from './installation.ts';
import { rawFloor, rawRecipe } from './subjects/raw-pg.ts';
import type { Subject } from './subject.ts';
import { verify } from './verify.ts';

let server: RestartableServer;

beforeAll(async () => {
  Logger.overrideLogger(['error']);
  server = await startRestartableServer();
});

afterAll(() => server.end());

/** Says what is found wrong with an honest subject when `planted` is planted into it. */
function verdictOn(
  planted: (honest: Subject, installation: Installation) => Partial<Subject>,
): Promise<string> {
  return withInstallation(server.address, { tenants: 3, rows: 102 }, async (installation) => {
    const honest = rawRecipe(installation.shared.place);
    try {
      await verify({ ...honest, ...planted(honest, installation) }, installation);
      return 'right';
    } catch (error) {
      return (error as Error).message;
    } finally {
      await honest.end();
    }
  });
}

const other = ({ shared: { tenants } }: Installation) => tenants[2]!;

describe('a subject', () => {
  it('that does all of it is right', async () => {
    expect(await verdictOn(() => ({}))).toBe('right');
  });

  it('that is a floor is right, and is found out when it claims to isolate', async () => {
    await withInstallation(server.address, { tenants: 3, rows: 102 }, async (installation) => {
      const floor = rawFloor(installation.shared.place);

      await verify(floor, installation);

      await expect(verify({ ...floor, isolated: true }, installation)).rejects.toThrow(
        'tenant-1 sees',
      );
      await floor.end();
    });
  });

  it('that reads another tenant’s row of that id is found out', async () => {
    const verdict = await verdictOn(({ readByKey }, installation) => ({
      readByKey: (_tenant, id) => readByKey(other(installation), id),
    }));

    expect(verdict).toContain('readByKey of tenant-1: Error: tenant-1 was given');
  });

  it.each(['page', 'search'] as const)('whose %s is too short is found out', async (scenario) => {
    const verdict = await verdictOn((honest) => ({
      [scenario]: async (...parameters: [never, never, never]) =>
        (await honest[scenario](...parameters)).slice(1),
    }));

    expect(verdict).toContain(`${scenario} of tenant-1: Error:`);
  });

  it.each(['insert', 'update', 'unitOfWork'] as const)(
    'whose %s stores nothing is found out',
    async (scenario) => {
      const verdict = await verdictOn(() => ({ [scenario]: () => Promise.resolve() }));

      expect(verdict).toContain(`${scenario} of tenant-1: Error:`);
    },
  );

  it.each(['insert', 'update', 'unitOfWork'] as const)(
    'whose %s also stores something for another tenant is found out',
    async (scenario) => {
      const verdict = await verdictOn((honest, installation) => ({
        [scenario]: async (tenant: never, what: never) => {
          await honest[scenario](tenant, what);
          await honest.insert(other(installation), {
            id: '00000000-0000-7000-8000-999999999999',
            name: 'tenant-3 has one more',
            email: 'more@example.com',
          });
        },
      }));

      expect(verdict).toContain('Error: others is');
    },
  );
});
