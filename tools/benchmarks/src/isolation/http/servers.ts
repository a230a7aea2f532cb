import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from '../subject.ts';

const API = join(import.meta.dirname, '../../../../../apps/api/src/main.ts');
const PLAIN = join(import.meta.dirname, '../../plain-api.ts');
const START_MS = 30_000;
const EVERY_MS = 100;

/** Addresses of the API, and of one that does the same without tenancy. */
export interface Servers {
  readonly isolated: string;
  readonly plain: string;
}

/** Gives `work` both, each a process of its own, with as many connections, and without logs. */
export async function withServers<Result>(
  place: Place,
  work: (servers: Servers) => Promise<Result>,
): Promise<Result> {
  const port = await freePort();
  const variables = {
    NODE_ENV: 'production',
    LOG_LEVEL: 'silent',
    DB_POOL_MAX: String(place.connections),
    DB_ALLOW_OLD_SERVER: 'true',
  };
  const plain = start(PLAIN, {
    ...variables,
    DATABASE_URL: place.floorUrl,
    MIGRATOR_DATABASE_URL: place.floorUrl,
  });
  const isolated = start(API, {
    ...variables,
    DATABASE_URL: place.appUrl,
    TENANT_RESOLVERS: 'header',
    OPERATOR_TOKEN: 'a-token-that-nobody-uses-in-here',
    OUTBOX_RELAY: 'off',
    PORT: String(port),
  });
  try {
    const [address] = (await once(plain, 'message')) as [string];
    const servers: Servers = { plain: address, isolated: `http://127.0.0.1:${port}` };
    await ready(servers.isolated);
    return await work(servers);
  } finally {
    for (const child of [plain, isolated]) {
      child.kill('SIGKILL');
    }
  }
}

function start(main: string, variables: Record<string, string>): ChildProcess {
  return fork(main, { env: { ...process.env, ...variables } });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function ready(address: string): Promise<void> {
  for (const start = performance.now(); performance.now() - start < START_MS;) {
    const answer = await fetch(`${address}/health/live`).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
    await sleep(EVERY_MS);
  }
  throw new Error('The API has not started.');
}
