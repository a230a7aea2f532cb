import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { useFleets } from '../testing/fleets.ts';

const PLACEMENTS = 12;
/** `nx run persistence:kills` does it twenty times. */
const KILLS = Number(process.env['KILLS'] ?? 6);
/** Within about this time a run of its own would be in the middle of an index. */
const LONGEST_MS = 1_500;

const fleets = useFleets();
const { query, addPlacements } = fleets;

/** A process of its own, as in real life. */
function run(...options: string[]): ChildProcess {
  return spawn(
    process.execPath,
    [
      '--conditions=@tenantry/source',
      '--import',
      '@swc-node/register/esm-register',
      join(import.meta.dirname, '../testing/slow-index-run.ts'),
      ...options,
    ],
    {
      cwd: join(import.meta.dirname, '../../../..'),
      env: { ...process.env, NODE_OPTIONS: '', ...fleets.address },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
}

async function exitCodeOf(process: ChildProcess): Promise<unknown> {
  process.stdout?.resume();
  const [code] = (await once(process, 'exit')) as [number | null];
  return code;
}

interface State {
  readonly valid: number;
  readonly invalid: number;
  readonly recorded: number;
}

async function stateOfFleet(): Promise<State> {
  const [state] = await query<[State]>(
    `select count(*) filter (where i.indisvalid)::int as valid, count(*) filter (where not i.indisvalid)::int as invalid,
       (select count(*)::int from catalog.migration where name = '3-indexed') as recorded
     from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname like 'note\\_slow%'`,
  );
  return state;
}

describe('a run that is killed while it builds an index', () => {
  it('at any point, any number of times, is completed by the next one, and nothing is to be put right by hand', async () => {
    expect(await exitCodeOf(run())).toBe(0);
    await addPlacements(PLACEMENTS);
    expect(await exitCodeOf(run())).toBe(0);
    const states: State[] = [];
    for (let kills = 0; kills < KILLS; kills += 1) {
      const killed = run('--with-index');
      const exit = once(killed, 'exit');
      // It has the lock, and begins.
      await once(killed.stdout!, 'data');
      await sleep(Math.random() * LONGEST_MS);
      killed.kill('SIGKILL');
      await exit;
      states.push(await stateOfFleet());
    }

    expect(await exitCodeOf(run('--with-index'))).toBe(0);

    process.stdout.write(
      `Indexes valid/invalid/recorded at each kill: ${states.map((state) => Object.values(state).join('/')).join(', ')}\n`,
    );
    // They were killed in the middle of it.
    expect(states.some(({ invalid }) => invalid > 0)).toBe(true);
    expect(await stateOfFleet()).toEqual({
      valid: PLACEMENTS + 1,
      invalid: 0,
      recorded: PLACEMENTS + 1,
    });
    expect(await query('select * from catalog.migration_failure')).toEqual([]);
  }, 240_000);
});
