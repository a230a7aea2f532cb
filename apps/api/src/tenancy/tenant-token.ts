import { createPublicKey } from 'node:crypto';
import { Unavailable } from '@tenantry/domain';
import type { TenantTokenConfig, TokenKey } from '@tenantry/platform';
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { Unauthenticated } from './access-errors.ts';

/** Gives what a token's claim says of its tenant. */
export type VerifyToken = (token: string) => Promise<string>;

/** What a token may be signed with. It is for the key to say: a token that could choose would choose a weak one. */
export const SECRET_ALGORITHM = 'HS256';
const ASYMMETRIC = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** How far the clocks of whoever issues tokens and of this machine may be apart, in seconds. */
const CLOCK_TOLERANCE = 5;

/** How long to wait for the keys' address, in milliseconds. */
const JWKS_TIMEOUT_MS = 3_000;

/**
 * Checks the signature, the time, the issuer and the audience of tokens, and takes the tenant's claim out of them.
 * @returns a function that throws {@link Unauthenticated} for a token that is not valid, and {@link Unavailable} when
 * the keys cannot be had
 */
export function tokenVerifier({ key, claim, issuer, audience }: TenantTokenConfig): VerifyToken {
  const { algorithms, getKey } = verificationOf(key);
  const options = {
    algorithms,
    requiredClaims: ['exp'],
    clockTolerance: CLOCK_TOLERANCE,
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
  return async (token) => {
    const named = await verified(token);
    if (typeof named !== 'string') {
      throw new Unauthenticated('The token names no tenant.');
    }
    return named;
  };

  async function verified(token: string): Promise<unknown> {
    try {
      return (await jwtVerify(token, getKey, options)).payload[claim];
    } catch (error) {
      throw error instanceof Unavailable ? error : new Unauthenticated('The token is not valid.');
    }
  }
}

interface Verification {
  readonly algorithms: string[];
  readonly getKey: JWTVerifyGetKey;
}

function verificationOf(key: TokenKey): Verification {
  switch (key.kind) {
    case 'none':
      return { algorithms: [], getKey: () => new Uint8Array() };
    case 'secret': {
      const secret = new TextEncoder().encode(key.secret);
      return { algorithms: [SECRET_ALGORITHM], getKey: () => secret };
    }
    case 'public-key': {
      const publicKey = createPublicKey(key.pem);
      return { algorithms: ASYMMETRIC, getKey: () => publicKey };
    }
    case 'jwks':
      return { algorithms: ASYMMETRIC, getKey: remoteKeys(new URL(key.url)) };
  }
}

/** The keys at that address, kept for ten minutes; for a key that is not among them they are read again, twice a minute at most. */
function remoteKeys(url: URL): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, { timeoutDuration: JWKS_TIMEOUT_MS });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (cause) {
      if (isTokensFault(cause)) {
        throw cause;
      }
      throw new Unavailable('token-keys-unavailable', 'Tokens cannot be checked just now.', {
        cause,
      });
    }
  };
}

function isTokensFault(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
  );
}
