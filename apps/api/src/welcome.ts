import type { ApiConfig } from '@tenantry/platform';

/** What a developer sees when the API is up: where to look, and how to call it as a tenant. */
export function welcome(address: URL, { operatorToken }: ApiConfig): string {
  const url = address.origin;
  return `
  Tenantry is up.

    API       ${url}
    Docs      ${url}/docs
    Ready     ${url}/health/ready

  As a tenant, by header or by host name:

    curl ${url}/projects -H 'x-tenant-id: acme'
    curl http://globex.${address.host}/projects

  As an operator:

    curl ${url}/tenants -H 'authorization: Bearer ${operatorToken}'

`;
}
