import { readApiConfig } from '@tenantry/platform';
import { welcome } from './welcome.ts';

const DATABASE_URL = 'postgresql://app@db.example/tenantry';
const address = new URL('http://localhost:3000');
const shown = (environment = {}) =>
  welcome(address, readApiConfig({ DATABASE_URL, ...environment }));

describe('what a developer sees first', () => {
  it('says how to call the API as a tenant, with a token too, and as an operator', () => {
    expect(shown()).toContain('curl http://globex.localhost:3000/projects');
    expect(shown()).toContain('npx nx run api:token --tenant=acme');
    expect(shown()).toContain('Bearer development-operator');
  });

  it.each([
    { TENANT_RESOLVERS: 'host,header' },
    { TENANT_TOKEN_JWKS_URL: 'https://id.example/jwks' },
  ])('says nothing of tokens with %j, where none can be minted', (environment) => {
    expect(shown(environment)).not.toContain('api:token');
  });
});
