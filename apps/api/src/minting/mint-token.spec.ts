import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { type Api, startApi, TOKEN_SECRET } from '../testing/api-harness.ts';
import { bearer } from '../testing/tenant-token.ts';
import { mintToken } from './mint-token.ts';

describe('a minted token', () => {
  const environment = {
    TENANT_TOKEN_SECRET: TOKEN_SECRET,
    TENANT_TOKEN_CLAIM: 'https://tenantry.example/tenant',
    TENANT_TOKEN_ISSUER: 'us',
    TENANT_TOKEN_AUDIENCE: 'the api',
  };
  let api: Api;

  beforeAll(async () => {
    api = await startApi(environment);
  });

  afterAll(() => api.stop());

  it('is believed by the API of its environment', async () => {
    const headers = bearer(await mintToken(['--tenant=beta'], environment));

    const answer = await api.call({ path: '/projects', headers });

    expect(answer.body.items).toMatchObject([{ name: 'One of beta' }]);
  });

  it.each([
    ['another claim', { TENANT_TOKEN_CLAIM: 'tenant' }],
    ['another issuer', { TENANT_TOKEN_ISSUER: 'them' }],
    ['no issuer', { TENANT_TOKEN_ISSUER: '' }],
    ['another audience', { TENANT_TOKEN_AUDIENCE: 'their api' }],
    ['no audience', { TENANT_TOKEN_AUDIENCE: '' }],
  ])('with %s is refused', async (_what, other) => {
    const headers = bearer(await mintToken(['--tenant=beta'], { ...environment, ...other }));

    expect((await api.call({ path: '/projects', headers })).status).toBe(401);
  });

  it('is for an hour, unless another time is said', async () => {
    const lifeOf = async (...args: string[]): Promise<number> => {
      const { iat = 0, exp = 0 } = decodeJwt(await mintToken(args, {}));
      return exp - iat;
    };

    expect(await lifeOf('--tenant=beta')).toBe(3_600);
    expect(await lifeOf('--tenant', 'beta', '--expires-in', '90s')).toBe(90);
  });
});

describe('minting', () => {
  const publicKey = generateKeyPairSync('ed25519')
    .publicKey.export({ type: 'spki', format: 'pem' })
    .toString();

  it.each<[string, Record<string, string>, string]>([
    [
      'in production',
      { NODE_ENV: 'production', TENANT_TOKEN_SECRET: TOKEN_SECRET },
      'In production',
    ],
    [
      'with a public key',
      { TENANT_TOKEN_PUBLIC_KEY: publicKey },
      'Only whoever has the private key',
    ],
    [
      'with keys of others',
      { TENANT_TOKEN_JWKS_URL: 'https://id.example/jwks' },
      'Only whoever has the private key',
    ],
  ])('%s is refused', async (_when, environment, why) => {
    await expect(mintToken(['--tenant=beta'], environment)).rejects.toThrow(why);
  });

  it.each([
    [[], '--tenant must be'],
    [['--tenant=../beta'], '--tenant must be'],
    [['--tenant=beta', '--expires-in=soon'], '--expires-in must be'],
    [['--tenant=beta', '--role=admin'], '--role'],
  ])('with %j says how it is used', async (args, why) => {
    await expect(mintToken(args, {})).rejects.toThrow(why);
    await expect(mintToken(args, {})).rejects.toThrow('Usage: --tenant=');
  });
});
