import type { ApiConfig } from '@tenantry/platform';

/** What a developer sees when the API is up: where to look, and how to call it as a tenant. */
export function welcome(address: URL, config: ApiConfig): string {
  const url = address.origin;
  return `
  Tenantry is up.

    API       ${url}
    Docs      ${url}/docs
    Ready     ${url}/health/ready

  As a tenant, by header or by host name:

    curl ${url}/projects -H 'x-tenant-id: acme'
    curl http://globex.${address.host}/projects
${byToken(url, config)}
  As an operator:

    curl ${url}/tenants -H 'authorization: Bearer ${config.operatorToken}'

`;
}

/** Only of use where tokens are asked for, and are ours to mint. */
function byToken(url: string, { tenantResolvers, tenantToken }: ApiConfig): string {
  if (!tenantResolvers.includes('token') || tenantToken.key.kind !== 'secret') {
    return '';
  }
  return `
  By token, which is valid for an hour:

    TOKEN=$(npx nx run api:token --tenant=acme | grep ^ey)
    curl ${url}/projects -H "authorization: Bearer $TOKEN"
`;
}
