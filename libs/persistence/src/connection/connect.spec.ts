import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createEmptyDatabase, type TestDatabase } from '@tenantry/embedded-postgres';
import { type MigratorConfig, readMigratorConfig } from '@tenantry/platform';
import pg from 'pg';
import { isLost, isUnreachable } from './connection-errors.ts';
import { CannotConnect, connect } from './connect.ts';
import { createOwnerOrm } from './owner-orm.ts';
import type { SupervisedConnection } from './supervised-connection.ts';

let database: TestDatabase;
let config: MigratorConfig;

beforeAll(async () => {
  database = await createEmptyDatabase();
  config = readMigratorConfig({ ...database.address });
});

afterAll(() => database.drop());

function changed(change: (url: URL) => void): string {
  const url = new URL(config.ownerUrl);
  change(url);
  return url.href;
}

async function connectTo(url: string, retries: number): Promise<void> {
  const orm = createOwnerOrm(url, config.database);
  try {
    await connect(orm, url, retries);
  } finally {
    await orm.close();
  }
}

describe('connecting when a process starts', () => {
  it('waits for a server that comes later', async () => {
    const { host } = new URL(config.ownerUrl);
    const [hostname = '', port = ''] = host.split(':');
    const placeholder = createServer().listen(0);
    const { port: later } = placeholder.address() as AddressInfo;
    await new Promise((resolve) => placeholder.close(resolve));

    const connecting = connectTo(
      changed((url) => (url.port = String(later))),
      20,
    );
    await sleep(300);
    const relay = await relayTo(Number(port), hostname, later);

    await connecting.finally(() => relay.close());
  });

  it('gives up on one that does not come, and says which', async () => {
    const nowhere = changed((url) => (url.port = '1'));

    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const connecting = connectTo(nowhere, 2);

    await expect(connecting).rejects.toThrow(CannotConnect);
    await expect(connecting).rejects.toThrow(
      /Cannot connect to postgresql:\/\/\w+@127\.0\.0\.1:1\/\w+: .*ECONNREFUSED/,
    );
    // Not of each attempt.
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  it.each([
    [
      'a wrong password',
      (url: URL) => (url.password = 'wrong-password'),
      /password authentication failed.*Correct the role or the password/,
    ],
    [
      'a database that is not there',
      (url: URL) => (url.pathname = '/nowhere'),
      /database "nowhere" does not exist.*Create the database/,
    ],
  ])('fails at once on %s, without the password', async (_what, change, reason) => {
    const start = Date.now();
    const connecting = connectTo(changed(change), 50);

    await expect(connecting).rejects.toThrow(reason);
    await expect(connecting).rejects.not.toThrow('wrong-password');
    expect(Date.now() - start).toBeLessThan(2_000);
  });
});

describe('connections that are made as a process starts', () => {
  it('are kept, and are as many as the server has room for', async () => {
    const login = `short_of_room_${randomBytes(4).toString('hex')}`;
    const admin = new pg.Client({ connectionString: config.ownerUrl });
    await admin.connect();
    await admin.query(`create role ${login} login password 'secret' connection limit 2`);
    const orm = createOwnerOrm(
      changed((url) => Object.assign(url, { username: login, password: 'secret' })),
      config.database,
    );
    try {
      await connect(orm, config.ownerUrl, 0, 3);

      const pool = await (orm.driver.getConnection() as SupervisedConnection).getNativeClient();
      expect([pool.totalCount, pool.idleCount]).toEqual([2, 2]);
    } finally {
      await orm.close();
      await admin.query(`drop role ${login}`);
      await admin.end();
    }
  });
});

async function relayTo(port: number, host: string, listenOn: number) {
  const { connect: dial } = await import('node:net');
  const server = createServer((client) => {
    const upstream = dial(port, host);
    client.pipe(upstream).pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(listenOn, '127.0.0.1', resolve));
  return server;
}

describe('what the server says of a text that it cannot read', () => {
  it('is not that it cannot be reached', () => {
    const violation = Object.assign(new Error('invalid string in message'), { code: '08P01' });

    expect(isUnreachable(violation)).toBe(false);
    expect(isLost(violation)).toBe(false);
    expect(isLost(Object.assign(new Error('connection failure'), { code: '08006' }))).toBe(true);
  });
});
