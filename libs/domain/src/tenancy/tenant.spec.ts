import fc from 'fast-check';
import { InvalidValue, RuleViolation } from '../domain-error.ts';
import { domainName, isDomainName } from './domain-name.ts';
import { Placement } from './placement.ts';
import { isSlug, slug } from './slug.ts';
import { type NewTenant, Tenant } from './tenant.ts';

const aTenant = (more: Partial<NewTenant> = {}): Tenant =>
  new Tenant({ slug: slug('acme'), name: 'Acme', placement: Placement.shared(), ...more });

describe('a new tenant', () => {
  it('is in provisioning, on the free plan', () => {
    expect(aTenant()).toMatchObject({
      status: 'provisioning',
      plan: 'free',
      features: {},
      configuration: {},
      domain: null,
    });
  });

  it.each<[string, Partial<NewTenant>]>([
    ['no name', { name: '' }],
    ['a locale that is none', { configuration: { locale: 'not a locale' } }],
    ['a time zone that is none', { configuration: { timeZone: 'Mars/Olympus' } }],
  ])('with %s is refused', (_what, more) => {
    expect(() => aTenant(more)).toThrow(InvalidValue);
  });
});

describe('the status of a tenant', () => {
  const active = (): Tenant => {
    const tenant = aTenant();
    tenant.activate();
    return tenant;
  };

  it('goes from provisioning to active, and between active and suspended', () => {
    const tenant = active();
    expect(tenant.status).toBe('active');
    tenant.suspend();
    expect(tenant.status).toBe('suspended');
    tenant.resume();
    expect(tenant.status).toBe('active');
  });

  it('ends by way of suspended and archived, and leaves a row that says nothing', () => {
    const tenant = aTenant({
      domain: domainName('acme.example'),
      features: { search: true },
      configuration: { locale: 'de' },
    });
    tenant.activate();
    tenant.suspend();
    tenant.archive();
    tenant.erase();

    expect(tenant).toMatchObject({
      slug: 'acme',
      status: 'deleted',
      name: 'deleted',
      domain: null,
      features: {},
      configuration: {},
      placement: null,
    });
  });

  it('goes from provisioning to deleted when it was never served', () => {
    const tenant = aTenant();
    tenant.erase();
    expect(tenant.status).toBe('deleted');
  });

  it.each(['archive', 'erase', 'mustBeArchived'] as const)(
    'forbids to %s one that is served',
    (change) => {
      const tenant = active();
      expect(() => {
        tenant[change]();
      }).toThrow(RuleViolation);
      expect(tenant.status).toBe('active');
    },
  );

  it('goes no other way', () => {
    expect(() => {
      aTenant().suspend();
    }).toThrow(RuleViolation);
    expect(() => {
      aTenant().resume();
    }).toThrow(RuleViolation);
    expect(() => {
      active().resume();
    }).toThrow(RuleViolation);
    expect(() => {
      active().activate();
    }).toThrow('is active; it would have to be provisioning');
  });
});

describe('a tenant that is asked for again', () => {
  const asked = { slug: slug('acme'), name: ' Acme ' };

  it('is the same one when all of it is the same', () => {
    expect(aTenant().isAsRequested(asked, 'shared')).toBe(true);
    expect(aTenant().isAsRequested({ ...asked, plan: 'free', domain: null }, 'shared')).toBe(true);
  });

  it.each<[string, Partial<NewTenant>]>([
    ['name', { name: 'Other' }],
    ['plan', { plan: 'team' }],
    ['domain', { domain: domainName('acme.example') }],
  ])('is another one when the %s differs', (_what, more) => {
    expect(aTenant().isAsRequested({ ...asked, ...more }, 'shared')).toBe(false);
  });

  it('is another one when it would be placed otherwise', () => {
    expect(aTenant().isAsRequested(asked, 'schema')).toBe(false);
  });
});

describe('a slug', () => {
  it.each(['a', 'acme', 'a-1', '9lives', 'x'.repeat(63)])('can be %j', (value) => {
    expect(slug(value)).toBe(value);
  });

  it.each(['', '-a', 'a-', 'A', 'a.b', 'a_b', 'ä', 'x'.repeat(64), 'a b', `a'`, 'а'])(
    'cannot be %j',
    (value) => {
      expect(() => slug(value)).toThrow(InvalidValue);
    },
  );

  it('is always a host label that needs no quoting', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        fc.pre(isSlug(value));
        expect(new URL(`http://${value}.example`).hostname).toBe(`${value}.example`);
      }),
    );
  });
});

describe('a domain', () => {
  it.each(['acme.example', 'a.b.c', 'xn--bcher-kva.example'])('can be %j', (value) => {
    expect(domainName(value)).toBe(value);
  });

  it.each([
    '',
    'localhost',
    'acme',
    '127.0.0.1',
    'a..b',
    'a.b.',
    'A.b',
    'a.1',
    `${'x'.repeat(64)}.example`,
    `${'x.'.repeat(130)}com`,
  ])('cannot be %j', (value) => {
    expect(isDomainName(value)).toBe(false);
    expect(() => domainName(value)).toThrow(InvalidValue);
  });
});

describe('a placement', () => {
  it('of one tenant has a schema named after its id', () => {
    const placement = Placement.dedicated();

    expect(placement.schema).toBe(`t_${placement.id.replaceAll('-', '')}`);
    expect(placement.schema).toMatch(/^t_[0-9a-f]{32}$/);
    expect(placement.isolation).toBe('schema');
  });

  it('of many tenants is shared', () => {
    expect(Placement.shared()).toMatchObject({ isolation: 'shared', schema: 'shared' });
  });
});
