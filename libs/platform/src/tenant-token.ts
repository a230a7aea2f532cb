import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

/** What tenants' tokens are checked with. With `none` there is nothing to check them with, so none is valid. */
export type TokenKey =
  | { readonly kind: 'none' }
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'public-key'; readonly pem: string }
  | { readonly kind: 'jwks'; readonly url: string };

/** How a token has to be, to be believed. */
export interface TenantTokenConfig {
  readonly key: TokenKey;
  /** The claim that names the tenant, by slug or id. */
  readonly claim: string;
  /** What `iss` has to be; anything when it is not said. */
  readonly issuer: string | undefined;
  /** What has to be in `aud`; anything when it is not said. */
  readonly audience: string | undefined;
}

/** Everybody knows it, so it is there in development only: tokens can be minted, and work, without configuration. */
const DEVELOPMENT_SECRET = 'development-tenant-token-secret';

const LEAST_RSA_BITS = 2048;

/** A text that is hard to guess. */
export function secret(): z.ZodString {
  return z.string().min(16, { error: 'must have at least 16 characters' });
}

/** The variables that say how tokens are checked. */
export const tenantTokenVariables = z.object({
  TENANT_TOKEN_SECRET: secret().optional(),
  TENANT_TOKEN_PUBLIC_KEY: z
    .string()
    // A variable is one line in many places, so a line's end may be written as \n.
    .transform((pem) => pem.replaceAll('\\n', '\n'))
    .refine(isPublicKey, {
      error: `must be a PEM that begins with BEGIN PUBLIC KEY: RSA of ${LEAST_RSA_BITS} bits or more, P-256 or Ed25519`,
    })
    .optional(),
  TENANT_TOKEN_JWKS_URL: z
    .string()
    .refine(isHttpsOrLoopback, { error: 'must be an https:// address, or http:// on loopback' })
    .optional(),
  TENANT_TOKEN_CLAIM: z.string().default('tenant'),
  TENANT_TOKEN_ISSUER: z.string().optional(),
  TENANT_TOKEN_AUDIENCE: z.string().optional(),
});

/**
 * The configuration that the variables make.
 * @param complain is told the variable that there is one too many of
 */
export function tenantTokenConfig(
  env: z.infer<typeof tenantTokenVariables>,
  production: boolean,
  complain: (name: string, problem: string) => void,
): TenantTokenConfig {
  const [first, second] = (
    ['TENANT_TOKEN_SECRET', 'TENANT_TOKEN_PUBLIC_KEY', 'TENANT_TOKEN_JWKS_URL'] as const
  ).filter((name) => env[name] !== undefined);
  if (first !== undefined && second !== undefined) {
    complain(second, `cannot be set beside ${first}: tokens are checked in one way`);
  }
  return {
    key: keyOf(env, production),
    claim: env.TENANT_TOKEN_CLAIM,
    issuer: env.TENANT_TOKEN_ISSUER,
    audience: env.TENANT_TOKEN_AUDIENCE,
  };
}

function keyOf(env: z.infer<typeof tenantTokenVariables>, production: boolean): TokenKey {
  if (env.TENANT_TOKEN_JWKS_URL !== undefined) {
    return { kind: 'jwks', url: env.TENANT_TOKEN_JWKS_URL };
  }
  if (env.TENANT_TOKEN_PUBLIC_KEY !== undefined) {
    return { kind: 'public-key', pem: env.TENANT_TOKEN_PUBLIC_KEY };
  }
  const secret = env.TENANT_TOKEN_SECRET ?? (production ? undefined : DEVELOPMENT_SECRET);
  return secret === undefined ? { kind: 'none' } : { kind: 'secret', secret };
}

function isPublicKey(pem: string): boolean {
  // A private key would do as well, as far as Node is concerned: it has no business here.
  if (!pem.trimStart().startsWith('-----BEGIN PUBLIC KEY-----')) {
    return false;
  }
  try {
    return isStrong(createPublicKey(pem));
  } catch {
    return false;
  }
}

function isStrong({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): boolean {
  return (
    asymmetricKeyType === 'ed25519' ||
    (asymmetricKeyType === 'rsa' && (details?.modulusLength ?? 0) >= LEAST_RSA_BITS) ||
    (asymmetricKeyType === 'ec' && details?.namedCurve === 'prime256v1')
  );
}

function isHttpsOrLoopback(value: string): boolean {
  const url = URL.parse(value);
  return (
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname))
  );
}
