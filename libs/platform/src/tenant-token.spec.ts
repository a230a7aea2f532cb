import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readMintConfig } from './config.ts';
import type { Environment } from './environment.ts';

const key = (environment: Environment) => readMintConfig(environment).tenantToken.key;
const TENANT_TOKEN_SECRET = '0123456789abcdef';
const TENANT_TOKEN_JWKS_URL = 'https://id.example/jwks';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const ed25519 = { publicKey: spki(publicKey), privateKey: pkcs8(privateKey) };

function spki(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function rsa(modulusLength: number): string {
  return spki(generateKeyPairSync('rsa', { modulusLength }).publicKey);
}

function ec(namedCurve: string): string {
  return spki(generateKeyPairSync('ec', { namedCurve }).publicKey);
}

describe('what tokens are checked with', () => {
  it('is a secret, a public key or a set of keys', () => {
    expect(key({ TENANT_TOKEN_SECRET })).toEqual({ kind: 'secret', secret: TENANT_TOKEN_SECRET });
    expect(key({ TENANT_TOKEN_PUBLIC_KEY: ed25519.publicKey })).toEqual({
      kind: 'public-key',
      pem: ed25519.publicKey,
    });
    expect(key({ TENANT_TOKEN_JWKS_URL })).toEqual({ kind: 'jwks', url: TENANT_TOKEN_JWKS_URL });
  });

  it('is a secret that everybody knows in development, and nothing in production', () => {
    expect(key({})).toMatchObject({ kind: 'secret' });
    expect(key({ NODE_ENV: 'production' })).toEqual({ kind: 'none' });
  });

  it.each([
    { TENANT_TOKEN_SECRET, TENANT_TOKEN_PUBLIC_KEY: ed25519.publicKey },
    { TENANT_TOKEN_SECRET, TENANT_TOKEN_JWKS_URL },
    { TENANT_TOKEN_PUBLIC_KEY: ed25519.publicKey, TENANT_TOKEN_JWKS_URL },
  ])('is one of them only', (environment) => {
    const [first, second] = Object.keys(environment);

    expect(() => key(environment)).toThrow(`${second} cannot be set beside ${first}`);
  });
});

describe('a public key', () => {
  it('can have its lines’ ends written out', () => {
    const TENANT_TOKEN_PUBLIC_KEY = ed25519.publicKey.replaceAll('\n', '\\n');

    expect(key({ TENANT_TOKEN_PUBLIC_KEY })).toMatchObject({ pem: ed25519.publicKey });
  });

  it.each([rsa(2048), ec('P-256')])('can be RSA or P-256', (TENANT_TOKEN_PUBLIC_KEY) => {
    expect(key({ TENANT_TOKEN_PUBLIC_KEY })).toMatchObject({ kind: 'public-key' });
  });

  it.each([
    ['a private key', ed25519.privateKey],
    ['a short RSA key', rsa(1024)],
    ['another curve', ec('secp384r1')],
    ['cut off', ed25519.publicKey.slice(0, 40)],
    ['something else', TENANT_TOKEN_SECRET],
  ])('cannot be %s', (_what, TENANT_TOKEN_PUBLIC_KEY) => {
    expect(() => key({ TENANT_TOKEN_PUBLIC_KEY })).toThrow('TENANT_TOKEN_PUBLIC_KEY must be a PEM');
  });
});

describe('the address of a set of keys', () => {
  it.each(['http://localhost:8080/jwks', 'http://127.0.0.1/jwks', 'http://[::1]/jwks'])(
    'can be %s, on loopback',
    (TENANT_TOKEN_JWKS_URL) => {
      expect(key({ TENANT_TOKEN_JWKS_URL })).toMatchObject({ kind: 'jwks' });
    },
  );

  it.each(['http://id.example/jwks', 'http://localhost.example/', 'file:///jwks', 'jwks'])(
    'cannot be %s',
    (TENANT_TOKEN_JWKS_URL) => {
      expect(() => key({ TENANT_TOKEN_JWKS_URL })).toThrow('TENANT_TOKEN_JWKS_URL must be');
    },
  );
});
