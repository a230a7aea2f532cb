import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TokenKey } from '@tenantry/platform';
import { exportJWK, SignJWT } from 'jose';
import { type Api, startApi } from '../testing/api-harness.ts';
import { bearer } from '../testing/tenant-token.ts';
import { tokenVerifier } from './tenant-token.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');
const secret = 'a secret of the specs';
const bytes = new TextEncoder().encode(secret);
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const publicKey = (key: KeyObject): TokenKey => ({ kind: 'public-key', pem: pem(key) });

function verify(key: TokenKey, token: string): Promise<string> {
  return tokenVerifier({ key, claim: 'tenant', issuer: undefined, audience: undefined })(token);
}

function sign(
  alg: string,
  key: KeyObject | Uint8Array,
  more: { expires?: string | undefined; header?: object; claims?: object } = {},
): Promise<string> {
  const { expires = '1m', header = {}, claims = {} } = more;
  return new SignJWT({ tenant: 'alpha', ...claims })
    .setProtectedHeader({ alg, ...header })
    .setExpirationTime(expires)
    .sign(key);
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const exp = Math.floor(Date.now() / 1_000) + 60;
const unsigned = `${part({ alg: 'none' })}.${part({ tenant: 'alpha', exp })}.`;

describe('a token', () => {
  it.each<[string, TokenKey, () => Promise<string>]>([
    ['HS256', { kind: 'secret', secret }, () => sign('HS256', bytes)],
    ['RS256', publicKey(rsa.publicKey), () => sign('RS256', rsa.privateKey)],
    ['PS256', publicKey(rsa.publicKey), () => sign('PS256', rsa.privateKey)],
    ['ES256', publicKey(p256.publicKey), () => sign('ES256', p256.privateKey)],
    ['EdDSA', publicKey(ed25519.publicKey), () => sign('EdDSA', ed25519.privateKey)],
  ])('signed by %s with the key names its tenant', async (_alg, key, make) => {
    expect(await verify(key, await make())).toBe('alpha');
  });

  it.each<[string, TokenKey, () => Promise<string>]>([
    [
      'signed with the text of the public key',
      publicKey(rsa.publicKey),
      () => sign('HS256', new TextEncoder().encode(pem(rsa.publicKey))),
    ],
    ['without a signature, for a public key', publicKey(rsa.publicKey), async () => unsigned],
    ['without a signature, for a secret', { kind: 'secret', secret }, async () => unsigned],
    ['for no key', { kind: 'none' }, () => sign('HS256', bytes)],
    ['with an empty secret, for no key', { kind: 'none' }, async () => unsigned],
    ['of another algorithm', { kind: 'secret', secret }, () => sign('HS512', bytes)],
    ['of another key', publicKey(p256.publicKey), () => sign('RS256', rsa.privateKey)],
    ['of a weaker hash', publicKey(rsa.publicKey), () => sign('RS512', rsa.privateKey)],
    ['that has ended', { kind: 'secret', secret }, () => sign('HS256', bytes, { expires: '-1m' })],
    [
      'that never ends',
      { kind: 'secret', secret },
      () => new SignJWT({ tenant: 'alpha' }).setProtectedHeader({ alg: 'HS256' }).sign(bytes),
    ],
    [
      'that has not begun',
      { kind: 'secret', secret },
      () => sign('HS256', bytes, { claims: { nbf: exp } }),
    ],
    [
      'that brings its own key',
      publicKey(p256.publicKey),
      async () =>
        sign('EdDSA', ed25519.privateKey, { header: { jwk: await exportJWK(ed25519.publicKey) } }),
    ],
  ])('%s is refused', async (_what, key, make) => {
    await expect(verify(key, await make())).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: 'The token is not valid.',
    });
  });

  it('is valid for a few seconds longer, as clocks differ', async () => {
    const token = await sign('HS256', bytes, { expires: '-2s' });

    expect(await verify({ kind: 'secret', secret }, token)).toBe('alpha');
  });

  it('without a tenant is refused', async () => {
    const token = await sign('HS256', bytes, { claims: { tenant: undefined } });

    await expect(verify({ kind: 'secret', secret }, token)).rejects.toMatchObject({
      kind: 'unauthenticated',
      message: 'The token names no tenant.',
    });
  });
});

describe('a set of keys that is fetched', () => {
  let server: Server;
  let answer: { status: number; body: string };
  let asked: number;
  let key: TokenKey;
  const signed = (kid: string): Promise<string> =>
    sign('ES256', p256.privateKey, { header: { kid } });

  beforeEach(async () => {
    asked = 0;
    const keys = [
      { ...(await exportJWK(p256.publicKey)), kid: 'one' },
      { kty: 'oct', k: part({ secret }), kid: 'symmetric' },
    ];
    answer = { status: 200, body: JSON.stringify({ keys }) };
    server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(answer.status, { location: '/elsewhere' }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    key = {
      kind: 'jwks',
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    };
  });

  afterEach(async () => {
    await closed();
  });

  async function closed(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  it('is fetched once for many tokens, also for such as name a key that is not there', async () => {
    const verifyWithKeys = tokenVerifier({
      key,
      claim: 'tenant',
      issuer: undefined,
      audience: undefined,
    });

    for (let i = 0; i < 5; i++) {
      expect(await verifyWithKeys(await signed('one'))).toBe('alpha');
      await expect(verifyWithKeys(await signed(`other-${i}`))).rejects.toMatchObject({
        kind: 'unauthenticated',
      });
    }
    expect(asked).toBe(1);
  });

  it('has no key for a token of a symmetric algorithm', async () => {
    const token = await sign('HS256', Buffer.from(part({ secret }), 'base64url'), {
      header: { kid: 'symmetric' },
    });

    await expect(verify(key, token)).rejects.toMatchObject({ kind: 'unauthenticated' });
  });

  it.each([
    [500, 'broken'],
    [302, ''],
    [200, 'no JSON'],
    [200, '{"keys":"none"}'],
  ])('that answers %d %j is unavailable, and asked again', async (status, body) => {
    const good = answer;
    const verifyWithKeys = tokenVerifier({
      key,
      claim: 'tenant',
      issuer: undefined,
      audience: undefined,
    });
    answer = { status, body };
    await expect(verifyWithKeys(await signed('one'))).rejects.toMatchObject({
      kind: 'unavailable',
    });

    answer = good;

    expect(await verifyWithKeys(await signed('one'))).toBe('alpha');
  });

  describe('by the API', () => {
    let api: Api;

    afterEach(() => api.stop());

    it('lets its tokens in, and says 503 when nobody is there', async () => {
      const { url } = key as TokenKey & { kind: 'jwks' };
      api = await startApi({ TENANT_TOKEN_SECRET: '', TENANT_TOKEN_JWKS_URL: url });
      const headers = bearer(await signed('one'));
      await closed();

      const unavailable = await api.call({ path: '/projects', headers, tenant: 'alpha' });
      const garbage = await api.call({ path: '/projects', headers: bearer('garbage') });

      expect(unavailable).toMatchObject({
        status: 503,
        headers: { 'retry-after': '1' },
        body: { code: 'token-keys-unavailable', detail: 'Tokens cannot be checked just now.' },
      });
      expect(garbage.status).toBe(401);

      await new Promise<void>((resolve) =>
        server.listen(Number(new URL(url).port), '127.0.0.1', resolve),
      );
      expect((await api.call({ path: '/projects', headers })).body.items).toMatchObject([
        { name: 'One of alpha' },
      ]);
    });
  });
});
