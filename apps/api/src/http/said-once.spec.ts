import { type AddressInfo, connect } from 'node:net';
import { type Api, OPERATOR_TOKEN, startApi } from '../testing/api-harness.ts';
import { tenantToken } from '../testing/tenant-token.ts';

let api: Api;
let alphasToken: string;
let betasToken: string;

beforeAll(async () => {
  api = await startApi();
  alphasToken = `authorization: Bearer ${await tenantToken({ tenant: 'alpha' })}`;
  betasToken = `authorization: Bearer ${await tenantToken({ tenant: 'beta' })}`;
});

afterAll(() => api.stop());

/** Sends the lines as they are: Node's client would not. */
function send(...lines: string[]): Promise<string> {
  const { port } = api.api.getHttpServer().address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1');
    socket.on('data', (text) => (answer += String(text)));
    socket.on('end', () => {
      resolve(answer);
    });
    socket.on('error', reject);
    socket.write([...lines, 'connection: close', '', ''].join('\r\n'), 'latin1');
  });
}

const GET = 'GET /projects HTTP/1.1';

describe('a request that says something twice', () => {
  it.each([
    ['its host', ['host: alpha.localhost', 'host: beta.localhost']],
    ['its host, the same', ['host: alpha.localhost', 'Host: alpha.localhost']],
    ['its header', ['host: localhost', 'x-tenant-id: alpha', 'x-tenant-id: beta']],
    ['its header, in capitals', ['host: localhost', 'x-tenant-id: alpha', 'X-TENANT-ID: alpha']],
  ])('%s, is refused', async (_what, lines) => {
    const answer = await send(GET, ...lines);

    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('"code":"ambiguous-request"');
    expect(answer).not.toContain('One of');
  });

  it('its token, is refused', async () => {
    for (const tokens of [
      [alphasToken, betasToken],
      [betasToken, alphasToken],
    ]) {
      expect(await send(GET, 'host: localhost', ...tokens)).toMatch(/^HTTP\/1.1 400 /);
    }
  });

  it('its operator token, is refused', async () => {
    const operators = `authorization: Bearer ${OPERATOR_TOKEN}`;

    const answer = await send('GET /tenants HTTP/1.1', 'host: localhost', operators, alphasToken);

    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });

  it('its host in the target, is refused unless it is the same', async () => {
    const target = 'GET http://beta.localhost/projects HTTP/1.1';

    expect(await send(target, 'host: alpha.localhost')).toMatch(/^HTTP\/1.1 400 /);
    expect(await send(target, 'host: beta.localhost')).toContain('One of beta');
  });
});

describe('a request that is not HTTP', () => {
  it.each([
    ['without a host', []],
    ['with a line break in its host', ['host: alpha.localhost\n .evil']],
    ['with a NUL in its header', ['host: localhost', 'x-tenant-id: alpha\u0000']],
    ['with a space before its colon', ['host: localhost', 'x-tenant-id : alpha']],
  ])('%s is refused', async (_what, lines) => {
    expect(await send(GET, ...lines)).toMatch(/^HTTP\/1.1 400 /);
  });
});
