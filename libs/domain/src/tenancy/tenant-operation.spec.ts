import { RuleViolation } from '../domain-error.ts';
import { Placement } from './placement.ts';
import { slug } from './slug.ts';
import { Tenant } from './tenant.ts';
import { MOST_ATTEMPTS, TenantOperation } from './tenant-operation.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

const aTenant = (): Tenant =>
  new Tenant({ slug: slug('acme'), name: 'Acme', placement: Placement.shared() });

function anArchivedTenant(): Tenant {
  const tenant = aTenant();
  tenant.activate();
  tenant.suspend();
  tenant.archive();
  return tenant;
}

describe('the provisioning of a tenant', () => {
  it('goes step by step, and its last step lets the tenant in', () => {
    const operation = TenantOperation.provision(aTenant());

    for (const step of ['schema', 'migrations', 'seed'] as const) {
      operation.finish(step);
      expect(operation).toMatchObject({ step, status: 'pending' });
      expect(operation.tenant.status).toBe('provisioning');
    }
    operation.finish('active');

    expect(operation).toMatchObject({ step: 'active', status: 'done', remaining: [] });
    expect(operation.tenant.status).toBe('active');
  });

  it('leaves no step out', () => {
    const operation = TenantOperation.provision(aTenant());

    expect(() => {
      operation.finish('active');
    }).toThrow('The next step is schema, not active.');
    expect(operation.tenant.status).toBe('provisioning');
  });

  it('waits longer after each failure, and is given up after some', () => {
    const operation = TenantOperation.provision(aTenant());
    const delays: number[] = [];

    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      expect(operation.status).toBe('pending');
      operation.fail('no disk', NOW);
      delays.push(operation.dueAt!.getTime() - NOW.getTime());
    }

    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
    expect(operation).toMatchObject({ status: 'failed', error: 'no disk' });
  });

  it('goes on with the step that failed when someone wants it tried again', () => {
    const operation = TenantOperation.provision(aTenant());
    operation.finish('schema');
    operation.fail('no disk', NOW);
    expect(operation.isDue(NOW)).toBe(false);
    expect(operation.isDue(new Date(NOW.getTime() + 1_000))).toBe(true);

    operation.retry();

    expect(operation.isDue(NOW)).toBe(true);

    expect(operation).toMatchObject({
      status: 'pending',
      attempts: 0,
      dueAt: null,
      step: 'schema',
    });
    operation.finish('migrations');
    expect(operation.error).toBeNull();
  });

  it('can be taken back while the tenant is not served', () => {
    const operation = TenantOperation.provision(aTenant());
    operation.finish('schema');

    operation.takeBack();

    expect(operation).toMatchObject({
      kind: 'delete',
      remaining: ['rows', 'placement', 'deleted'],
    });
  });

  it('cannot be taken back once the tenant is served', () => {
    const operation = TenantOperation.provision(aTenant());
    for (const step of operation.remaining) {
      operation.finish(step);
    }

    expect(() => {
      operation.takeBack();
    }).toThrow(RuleViolation);
  });
});

describe('the deletion of a tenant', () => {
  it('is for archived ones only', () => {
    expect(() => TenantOperation.deletion(aTenant())).toThrow(RuleViolation);
  });

  it('keeps what each step has to report, and its last step blanks the tenant', () => {
    const operation = TenantOperation.deletion(anArchivedTenant());

    operation.finish('rows', { rowsLeft: { task: 0 } });
    operation.finish('placement', { role: 'kept' });
    operation.finish('deleted');

    expect(operation.report).toEqual({ rowsLeft: { task: 0 }, role: 'kept' });
    expect(operation.tenant.status).toBe('deleted');
  });

  it('that is taken back goes on where it was', () => {
    const operation = TenantOperation.deletion(anArchivedTenant());
    operation.finish('rows');

    operation.takeBack();

    expect(operation.remaining).toEqual(['placement', 'deleted']);
  });
});
