import {
  type OperationStep,
  Placement,
  slug,
  Tenant,
  TenantOperation,
  type TenantOperationRepository,
} from '@tenantry/domain';
import { PlainUnitOfWork } from '../testing/plain-unit-of-work.ts';
import { port } from '../testing/port.ts';
import { CarryOutOperations } from './carry-out-operations.ts';
import type { OperationClaims } from './operation-claims.ts';
import type { OperationSteps } from './operation-steps.ts';

const anOperation = (): TenantOperation =>
  TenantOperation.provision(
    new Tenant({ slug: slug('acme'), name: 'Acme', placement: Placement.shared() }),
  );

function carryingOut(operation: TenantOperation, { free = true, failAt = '' } = {}) {
  const steps: OperationStep[] = [];
  const carryOut = new CarryOutOperations(
    new PlainUnitOfWork(),
    port<TenantOperationRepository>({
      due: async () => [operation.id],
      getForChange: async () => operation,
    }),
    port<OperationClaims>({
      hold: async (_id, work) => {
        if (free) {
          await work();
        }
        return free;
      },
      holdInTurn: (_id, work) => work(),
    }),
    port<OperationSteps>({
      run: async (step) => {
        if (step === failAt) {
          throw new Error('no disk');
        }
        steps.push(step);
        return step === 'rows' ? { rowsLeft: { task: 0 } } : {};
      },
    }),
    (error) => (error as Error).message,
  );
  return { carryOut, steps };
}

describe('carrying an operation out', () => {
  it('does the steps in their order, and the tenant is active at the end', async () => {
    const operation = anOperation();
    const { carryOut, steps } = carryingOut(operation);

    expect(await carryOut.due()).toEqual([operation]);

    expect(steps).toEqual(['schema', 'migrations', 'seed', 'active']);
    expect(operation).toMatchObject({ status: 'done', tenant: { status: 'active' } });
  });

  it('goes on after the last step that was recorded', async () => {
    const operation = anOperation();
    operation.finish('schema');
    const { carryOut, steps } = carryingOut(operation);

    await carryOut.due();

    expect(steps).toEqual(['migrations', 'seed', 'active']);
  });

  it('records a failure, and what was done before it', async () => {
    const operation = anOperation();
    const { carryOut } = carryingOut(operation, { failAt: 'migrations' });

    expect(await carryOut.due()).toEqual([operation]);

    expect(operation).toMatchObject({
      step: 'schema',
      status: 'pending',
      attempts: 1,
      error: 'no disk',
      tenant: { status: 'provisioning' },
    });
  });

  it('leaves it to whoever holds it', async () => {
    const { carryOut, steps } = carryingOut(anOperation(), { free: false });

    expect(await carryOut.due()).toEqual([]);
    expect(steps).toEqual([]);
  });

  it('does nothing when others have been faster than its claim', async () => {
    const operation = anOperation();
    operation.fail('no disk', new Date());
    const { carryOut, steps } = carryingOut(operation);

    expect(await carryOut.due()).toEqual([]);
    expect(steps).toEqual([]);
  });

  it('now does not wait until it is due', async () => {
    const operation = anOperation();
    operation.fail('no disk', new Date());
    const { carryOut } = carryingOut(operation);

    expect(await carryOut.now(operation.id)).toMatchObject({ status: 'done' });
  });

  it('takes back what was begun when told to, and keeps the report', async () => {
    const operation = anOperation();
    operation.finish('schema');
    const { carryOut, steps } = carryingOut(operation);

    await carryOut.now(operation.id, { takeBack: true });

    expect(steps).toEqual(['rows', 'placement', 'deleted']);
    expect(operation).toMatchObject({
      report: { rowsLeft: { task: 0 } },
      tenant: { status: 'deleted' },
    });
  });

  it('takes nothing back that has been completed meanwhile', async () => {
    const operation = anOperation();
    operation.remaining.forEach((step) => {
      operation.finish(step);
    });
    const { carryOut, steps } = carryingOut(operation);

    await carryOut.now(operation.id, { takeBack: true });

    expect(steps).toEqual([]);
    expect(operation.tenant.status).toBe('active');
  });
});
