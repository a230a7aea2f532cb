import fc from 'fast-check';
import { type Answer, type Api, startApi } from '../testing/api-harness.ts';
import { addTenant } from '../testing/more-tenants.ts';
import { bearer, tenantToken } from '../testing/tenant-token.ts';

const path = '/projects';
const RUNS = { numRuns: 150 };
let api: Api;

beforeAll(async () => {
  api = await startApi();
  await addTenant(api, 'delta', 'active');
});

afterAll(() => api.stop());

/** A name of alpha's, or almost: with a piece put in, taken away or in capitals. */
function almost(unit: fc.Arbitrary<string>, ...names: string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...names), fc.nat(40), fc.nat(2), fc.string({ unit, maxLength: 2 }))
    .chain(([name, at, gone, more]) => {
      const changed = name.slice(0, at) + more + name.slice(at + gone);
      return fc.constantFrom(name, name.toUpperCase(), changed);
    });
}

/** What a header can carry: Latin-1 without control characters. */
const byte = fc.integer({ min: 0x20, max: 0xff }).map((code) => {
  return code === 0x7f ? ' ' : String.fromCharCode(code);
});

/** Whoever is asked for anything but `alpha` gets nothing, and it is never our fault. */
function expectOnly(isAlpha: boolean, answer: Answer): void {
  if (isAlpha) {
    expect(answer.body.items).toMatchObject([{ name: 'One of alpha' }]);
  } else {
    expect([200, 400, 404]).toContain(answer.status);
    expect(answer.text).not.toContain('One of alpha');
  }
}

describe('any text at all', () => {
  it('as a header is alpha only when it is alpha’s slug or id', async () => {
    const { id } = api.tenants.alpha;
    const anyHeader = fc.oneof(fc.string({ unit: byte }), almost(byte, 'alpha', id));

    await fc.assert(
      fc.asyncProperty(anyHeader, async (tenant) => {
        // HTTP takes the spaces around a header away.
        const said = tenant.replace(/^[ \t]+|[ \t]+$/g, '');

        const answer = await api.call({ path, tenant });

        expectOnly(said === 'alpha' || said.toLowerCase() === id, answer);
        expect(answer.status === 200).toBe(
          ['alpha', 'beta', 'gamma', 'delta'].includes(said) || said.toLowerCase() === id,
        );
      }),
      RUNS,
    );
  });

  it('as a claim is alpha only when it is alpha’s slug or id', async () => {
    const { id } = api.tenants.alpha;
    const unit = fc.constantFrom('а', '\u0000', ' ', 'a', '-', '\n', '%');
    const anyClaim = fc.oneof(
      fc.string({ unit: 'binary' }),
      almost(unit, 'alpha', id),
      fc.jsonValue(),
    );

    await fc.assert(
      fc.asyncProperty(anyClaim, async (tenant) => {
        const headers = bearer(await tenantToken({ tenant }));

        const answer = await api.call({ path, headers });

        const isText = typeof tenant === 'string';
        const isAlpha = isText && (tenant === 'alpha' || tenant.toLowerCase() === id);
        expect(answer.status).toBe(isText ? (isAlpha ? 200 : 404) : 401);
        expect(answer.text.includes('One of alpha')).toBe(isAlpha);
      }),
      RUNS,
    );
  });

  it('as a host is a tenant only when it is its name, in any case, with port and dot or without', async () => {
    const anyHost = fc.oneof(
      fc.string({ unit: byte }),
      almost(byte, 'alpha.localhost', 'alpha.localhost.:80'),
    );

    await fc.assert(
      fc.asyncProperty(anyHost, async (host) => {
        const isAlpha = /^[ \t]*alpha\.localhost\.?(:\d{0,5})?[ \t]*$/i.test(host);

        expectOnly(isAlpha, await api.call({ path, host }));
      }),
      RUNS,
    );
  });
});

describe('the host of a tenant', () => {
  const anyCase = (name: string): fc.Arbitrary<string> =>
    fc.mixedCase(fc.constant(name), { toggleCase: (letter) => letter.toUpperCase() });

  it('means it in any case, at any port, with a dot at its end', async () => {
    const ends = fc.constantFrom('', '.', ':80', ':3000', '.:443', ':');

    await fc.assert(
      fc.asyncProperty(anyCase('alpha.localhost'), ends, async (host, end) => {
        expectOnly(true, await api.call({ path, host: host + end }));
      }),
      { numRuns: 50 },
    );
    await fc.assert(
      fc.asyncProperty(anyCase('delta.example'), ends, async (host, end) => {
        expect((await api.call({ path, host: host + end })).status).toBe(200);
      }),
      { numRuns: 50 },
    );
  });
});
