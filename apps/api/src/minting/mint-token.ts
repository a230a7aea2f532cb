import { parseArgs } from 'node:util';
import { isSlug } from '@tenantry/domain';
import { type Environment, readMintConfig } from '@tenantry/platform';
import { SignJWT } from 'jose';
import { z } from 'zod';
import { SECRET_ALGORITHM } from '../tenancy/tenant-token.ts';

/** No token is minted. The message says why, and what to do. */
export class MintingRefused extends Error {
  override readonly name = 'MintingRefused';
}

const USAGE = 'Usage: --tenant=<slug or id> [--expires-in=1h]';

/**
 * A token for a tenant, as the API of the same environment believes it: a convenience of development.
 * @throws {MintingRefused} in production, when the key is somebody else's, or when the arguments do not fit
 * @throws {InvalidEnvironment}
 */
export async function mintToken(
  args: readonly string[],
  environment?: Environment,
): Promise<string> {
  const { production, tenantToken } = readMintConfig(environment);
  const { key, claim, issuer, audience } = tenantToken;
  if (production) {
    throw new MintingRefused('In production tokens come from whoever logs users in.');
  }
  if (key.kind !== 'secret') {
    throw new MintingRefused('Only whoever has the private key can sign tokens.');
  }
  const { tenant, expiresIn } = wishOf(args);
  const token = new SignJWT({ [claim]: tenant })
    .setProtectedHeader({ alg: SECRET_ALGORITHM })
    .setIssuedAt()
    .setExpirationTime(expiresIn);
  if (issuer !== undefined) {
    token.setIssuer(issuer);
  }
  if (audience !== undefined) {
    token.setAudience(audience);
  }
  return token.sign(new TextEncoder().encode(key.secret));
}

function wishOf(args: readonly string[]): { tenant: string; expiresIn: string } {
  const { tenant = '', 'expires-in': expiresIn } = optionsOf(args);
  if (!isSlug(tenant) && !z.uuid().safeParse(tenant).success) {
    throw new MintingRefused(`--tenant must be a slug or an id. ${USAGE}`);
  }
  if (!/^\d{1,6} ?[smhd]$/.test(expiresIn)) {
    throw new MintingRefused(`--expires-in must be a time such as 90s, 15m, 1h or 30d. ${USAGE}`);
  }
  return { tenant, expiresIn };
}

function optionsOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { tenant: { type: 'string' }, 'expires-in': { type: 'string', default: '1h' } },
    }).values;
  } catch (error) {
    throw new MintingRefused(`${(error as Error).message} ${USAGE}`);
  }
}
