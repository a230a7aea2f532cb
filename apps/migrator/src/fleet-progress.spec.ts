import { stripVTControlCharacters } from 'node:util';
import { jest } from '@jest/globals';
import { MigrationFailed } from '@tenantry/persistence';
import { FleetProgress } from './fleet-progress.ts';

/** What a terminal shows of a fleet of four, where one fails, and one more is made meanwhile. */
function shown(isWanted: boolean): string {
  let written = '';
  const { isTTY } = process.stderr;
  process.stderr.isTTY = true;
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
  try {
    const progress = new FleetProgress(isWanted);
    const effort = { target: 't_1', migrations: [], attempts: 1, durationMs: 1 };
    progress.show({ type: 'run', runId: '1' });
    progress.show({ type: 'waves', waves: [{ name: '100 %', placements: 4 }], upToDate: 0 });
    progress.show({ type: 'backfill', target: 't_1', migration: '2-two', changed: 30 });
    progress.show({ type: 'backfill', target: 't_1', migration: '2-two', changed: 70 });
    for (let done = 0; done < 3; done += 1) {
      progress.show({ type: 'placement', outcome: { ...effort, status: 'migrated' } });
    }
    const error = new MigrationFailed('t_2', '2-two', new Error('poisoned'));
    progress.show({ type: 'placement', outcome: { ...effort, status: 'failed', error } });
    progress.show({ type: 'waves', waves: [{ name: '100 %', placements: 1 }], upToDate: 4 });
    progress.stop();
  } finally {
    process.stderr.isTTY = isTTY;
    jest.restoreAllMocks();
  }
  return stripVTControlCharacters(written);
}

describe('the progress of a run on a terminal', () => {
  it('is how many are done of how many, how fast, what is left, and what has failed', () => {
    expect(shown(true)).toMatch(
      /4\/5 placements, \d+\/s, \S+ left, 1 failed, 70 rows filled in\s*$/,
    );
  });

  it('is nothing where nobody looks', () => {
    expect(shown(false)).toBe('');
  });
});
