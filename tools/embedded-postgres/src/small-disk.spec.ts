import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type RestartableServer, startRestartableServer } from './restartable-server.ts';

async function query(server: RestartableServer, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.address.MIGRATOR_DATABASE_URL });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** The processes of which a file in /proc names the folder: `mountinfo` has what they see mounted, `cmdline` what they are. */
function processesWith(folder: string, file: 'mountinfo' | 'cmdline'): string[] {
  const names = existsSync('/proc') ? readdirSync('/proc') : [];
  return names.filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/${file}`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) {
      throw new Error('It did not come about within 10 s.');
    }
    await sleep(20);
  }
}

describe('a server with a small disk', () => {
  it('says when it is full, and works on, also after a crash', async () => {
    const server = await startRestartableServer({ smallDiskMiB: 16 });
    try {
      if (server.smallDisk === undefined) {
        process.stderr.write('\nNOT TESTED: a full disk. This user may not mount one here.\n\n');
        return;
      }
      await query(server, `create tablespace small location '${server.smallDisk}'`);
      await query(server, 'create table note (text text) tablespace small');
      const insert = `insert into note select repeat('x', 1000) from generate_series(1, 8000)`;
      await query(server, insert);

      await expect(query(server, insert)).rejects.toMatchObject({ code: '53100' });

      await server.stop('immediate');
      await server.start();
      expect(await query(server, 'select count(*)::int as notes from note')).toEqual([
        { notes: 8000 },
      ]);
    } finally {
      await server.end();
    }
  });

  it('is the only one that sees it, and leaves nothing behind', async () => {
    const server = await startRestartableServer({ smallDiskMiB: 16 });
    const folder = dirname(server.logFile);
    const seenBy = processesWith(folder, 'mountinfo');

    await server.end();

    expect(seenBy.length > 0).toBe(server.smallDisk !== undefined);
    expect(seenBy).not.toContain(String(process.pid));
    expect(existsSync(folder)).toBe(false);
    expect(processesWith(folder, 'mountinfo')).toEqual([]);
  });

  it.each(['running', 'stopped', 'stopping', 'starting'])(
    'leaves nothing behind when it is %s and the process that wanted it is killed',
    async (state) => {
      const script = `
        import { startRestartableServer } from ${JSON.stringify(join(import.meta.dirname, 'restartable-server.ts'))};
        const server = await startRestartableServer({ smallDiskMiB: 16 });
        const state = ${JSON.stringify(state)};
        if (state === 'stopped' || state === 'starting') await server.stop('immediate');
        if (state === 'starting') void server.start();
        if (state === 'stopping') void server.stop('fast');
        console.log(server.logFile);
        setInterval(() => {}, 1000);`;
      const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      const [logFile] = (await once(createInterface(owner.stdout), 'line')) as [string];
      const folder = dirname(logFile);
      expect(existsSync(folder)).toBe(true);

      owner.kill('SIGKILL');

      await until(() => !existsSync(folder) && processesWith(folder, 'cmdline').length === 0);
      expect(processesWith(folder, 'mountinfo')).toEqual([]);
    },
  );
});
