import { Placement, RuleViolation, slug, Tenant, type TenantRepository } from '@tenantry/domain';
import { PlainUnitOfWork } from '../testing/plain-unit-of-work.ts';
import { port } from '../testing/port.ts';
import { ArchiveTenant } from './archive-tenant.ts';
import { ResumeTenant } from './resume-tenant.ts';
import { SuspendTenant } from './suspend-tenant.ts';

describe('a tenant', () => {
  it('is suspended and resumed, each once', async () => {
    const tenant = new Tenant({ slug: slug('acme'), name: 'Acme', placement: Placement.shared() });
    tenant.activate();
    const tenants = port<TenantRepository>({ getForChange: async () => tenant });
    const suspend = new SuspendTenant(new PlainUnitOfWork(), tenants);
    const resume = new ResumeTenant(new PlainUnitOfWork(), tenants);

    expect(await suspend.run(tenant.id)).toMatchObject({ status: 'suspended' });
    await expect(suspend.run(tenant.id)).rejects.toThrow(RuleViolation);
    expect(await resume.run(tenant.id)).toMatchObject({ status: 'active' });
    await expect(resume.run(tenant.id)).rejects.toThrow(RuleViolation);
  });

  it('is archived from suspended only', async () => {
    const tenant = new Tenant({ slug: slug('acme'), name: 'Acme', placement: Placement.shared() });
    tenant.activate();
    const tenants = port<TenantRepository>({ getForChange: async () => tenant });
    const archive = new ArchiveTenant(new PlainUnitOfWork(), tenants);

    await expect(archive.run(tenant.id)).rejects.toThrow(RuleViolation);
    await new SuspendTenant(new PlainUnitOfWork(), tenants).run(tenant.id);
    expect(await archive.run(tenant.id)).toMatchObject({ status: 'archived' });
  });
});
