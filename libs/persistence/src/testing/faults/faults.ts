import { setTimeout as sleep } from 'node:timers/promises';
import { type CommitFault, someCommits } from '@tenantry/fault-proxy';
import type { Bench, Fault } from './bench.ts';

/** Goes on until it is told to stop, and is over then. */
type Ending = () => Promise<void>;

const NOTHING: Ending = () => Promise.resolve();

/** Does something again and again. */
function every(ms: number, what: () => Promise<unknown> | undefined): Ending {
  const stopping = new AbortController();
  const going = (async () => {
    while (!stopping.signal.aborted) {
      await what();
      await sleep(ms);
    }
  })();
  return () => {
    stopping.abort();
    return going;
  };
}

function onCommits(probability: number, fault: CommitFault): Fault['begin'] {
  return ({ proxy }) => {
    proxy.faults.onCommit = someCommits(probability, fault);
    return Promise.resolve(NOTHING);
  };
}

const backends = (bench: Bench): Promise<{ pid: number }[]> =>
  bench.asOwner(
    `select pid from pg_stat_activity where usename = 'tenantry_app' order by random() limit 1`,
  );

/** Takes the server away for a moment, and brings it back. */
async function restart({ server }: Bench, mode: 'fast' | 'immediate'): Promise<void> {
  await server.stop(mode);
  await sleep(300);
  await server.start();
}

/** A table that is filled up, on a disk that is soon full. */
async function fillDisk({ asOwner, server }: Bench): Promise<Ending> {
  await asOwner(`drop tablespace if exists small`);
  await asOwner(`create tablespace small location '${server.smallDisk ?? ''}'`);
  await asOwner('alter table shared.entry set tablespace small');
  // Two rows fill a page: the server may have made some in advance.
  await asOwner(
    `alter table shared.entry alter filling set storage plain, alter filling set default repeat('x', 4000)`,
  );
  await asOwner('create table public.ballast (filling text) tablespace small');
  try {
    for (;;) {
      await asOwner(
        `insert into public.ballast select string_agg(md5(random()::text), '') from generate_series(1, 3000), generate_series(1, 3) n group by n`,
      );
    }
  } catch {
    // Full.
  }
  return async () => {
    await asOwner('drop table public.ballast');
    await asOwner('alter table shared.entry alter filling drop default');
    await asOwner('alter table shared.entry set tablespace pg_default');
    await asOwner('drop tablespace small');
  };
}

/** What goes wrong in real life, each on its own. */
export const FAULTS: readonly Fault[] = [
  { name: 'none', begin: () => Promise.resolve(NOTHING) },
  {
    name: 'backends terminated every 200 ms',
    begin: (bench) =>
      Promise.resolve(
        every(200, async () => {
          const [backend] = await backends(bench);
          await (backend && bench.asOwner('select pg_terminate_backend(?)', [backend.pid]));
        }),
      ),
  },
  {
    name: 'COMMIT replies dropped, connection reset',
    begin: onCommits(0.1, { kind: 'reply-dropped', then: 'reset' }),
  },
  {
    name: 'COMMIT replies dropped, then silence',
    begin: onCommits(0.03, { kind: 'reply-dropped', then: 'silence' }),
  },
  {
    name: 'COMMIT requests dropped, connection reset',
    begin: onCommits(0.1, { kind: 'request-dropped', then: 'reset' }),
  },
  {
    name: 'COMMIT requests dropped, then silence',
    begin: onCommits(0.03, { kind: 'request-dropped', then: 'silence' }),
  },
  {
    name: 'COMMIT requests that arrive 200 ms late',
    begin: onCommits(0.1, { kind: 'request-late', afterMs: 200 }),
  },
  {
    name: 'all connections reset every 150 ms',
    begin: ({ proxy }) =>
      Promise.resolve(
        every(150, () => {
          proxy.reset();
          return undefined;
        }),
      ),
  },
  {
    name: 'a network that is a black hole half of the time',
    begin: ({ proxy }) =>
      Promise.resolve(
        every(300, async () => {
          proxy.blackHole('all');
          await sleep(300);
          proxy.blackHole('none');
        }),
      ),
  },
  {
    name: 'a slow network that cuts everything into pieces',
    begin: ({ proxy }) => {
      Object.assign(proxy.network, {
        delayMs: { toServer: 2, toClient: 2 },
        bytesPerSecond: 200_000,
        sliceBytes: 50,
      });
      return Promise.resolve(NOTHING);
    },
  },
  {
    name: 'a backend killed with SIGKILL every 700 ms',
    begin: (bench) =>
      Promise.resolve(
        every(700, async () => {
          // While the server recovers there is none, and nobody to ask.
          const [backend] = await backends(bench).catch(() => []);
          await (backend && bench.server.killBackend(backend.pid).catch(() => undefined));
        }),
      ),
  },
  {
    name: 'server stopped immediately, and started',
    begin: (bench) => Promise.resolve(every(700, () => restart(bench, 'immediate'))),
  },
  {
    name: 'server stopped fast, and started',
    begin: (bench) => Promise.resolve(every(700, () => restart(bench, 'fast'))),
  },
  {
    name: '200 clients share 5 connections',
    clients: 200,
    connections: 5,
    begin: () => Promise.resolve(NOTHING),
  },
  {
    name: 'a storm of deadlocks',
    clients: 12,
    connections: 12,
    mix: { accounts: 2, kinds: ['plain', 'nested', 'replayable'] },
    begin: () => Promise.resolve(NOTHING),
  },
  {
    name: 'serializable transactions on hot rows',
    clients: 8,
    mix: { accounts: 2, kinds: ['serializable'] },
    begin: () => Promise.resolve(NOTHING),
  },
];

/** Only where a disk can be made that is full. */
export const FULL_DISK: Fault = { name: 'the disk is full', begin: fillDisk };

/** For the negative control: the two that make a usual program lie. */
export const REPLIES_DROPPED: Fault = {
  name: 'COMMIT replies dropped, by em.transactional with a naive retry',
  mix: { kinds: ['plain', 'swallowing'] },
  begin: onCommits(0.1, { kind: 'reply-dropped', then: 'reset' }),
};
