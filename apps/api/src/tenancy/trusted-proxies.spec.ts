import { type Answer, type Api, startApi } from '../testing/api-harness.ts';

const path = '/projects';
let api: Api;

afterEach(() => api.stop());

/** A request to beta’s host that came, says its forwarded host, by way of a proxy. */
function forwarded(host: string): Promise<Answer> {
  return api.call({ path, host: 'beta.localhost', headers: { 'x-forwarded-host': host } });
}

describe('a forwarded host', () => {
  it.each([undefined, '10.0.0.0/8', '127.0.0.2,::1'])(
    'counts for nothing from whoever is none of the proxies in %j',
    async (TRUSTED_PROXIES) => {
      api = await startApi(TRUSTED_PROXIES === undefined ? {} : { TRUSTED_PROXIES });

      expect((await forwarded('alpha.localhost')).body.items).toMatchObject([
        { name: 'One of beta' },
      ]);
    },
  );

  it('counts from a trusted proxy, and only what that proxy itself has seen', async () => {
    api = await startApi({ TRUSTED_PROXIES: '127.0.0.0/8' });

    for (const host of [
      'alpha.localhost',
      'ALPHA.localhost.:443',
      'gamma.localhost, alpha.localhost',
    ]) {
      expect((await forwarded(host)).body.items).toMatchObject([{ name: 'One of alpha' }]);
    }
    expect((await forwarded('nobody.localhost')).status).toBe(404);
    expect((await forwarded('alpha.localhost, ')).status).toBe(400);
    expect((await forwarded('')).body.items).toMatchObject([{ name: 'One of beta' }]);
  });
});
