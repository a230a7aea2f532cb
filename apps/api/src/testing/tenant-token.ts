import { SignJWT } from 'jose';
import { TOKEN_SECRET } from './api-harness.ts';

/** A token that the API of the specs believes, unless it is signed with another secret. */
export function tenantToken(
  claims: Record<string, unknown>,
  secret = TOKEN_SECRET,
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1m')
    .sign(new TextEncoder().encode(secret));
}

/** The header in which a token is sent. */
export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}
