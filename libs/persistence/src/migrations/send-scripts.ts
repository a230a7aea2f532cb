import pg from 'pg';
import { errorSwallowed } from '../unit-of-work/transaction-errors.ts';

/** What a script says while it is carried out. */
export interface ScriptRow {
  /** A step has begun. */
  readonly step?: string;
  /** It has been done, and recorded (milliseconds). */
  readonly tookMs?: number;
}

/** One transaction, and who is told what becomes of it. */
export interface SentScript {
  readonly sql: string;
  /** How many rows say that a step has been done, before its end is the end of the script. */
  readonly steps: number;
  readonly said: (row: ScriptRow) => void;
  readonly stored: () => void;
}

/**
 * Sends scripts as one message. The server ends it with the first that fails, which is undone; those before it are stored, and those
 * behind it have not been begun.
 * @returns how many were stored, and what the next one has failed with
 */
export async function sendScripts(
  client: pg.PoolClient,
  scripts: readonly SentScript[],
): Promise<{ readonly stored: number; readonly error: Error | undefined }> {
  let stored = 0;
  let recorded = 0;
  const onCommand = ({ text }: { readonly text: string }): void => {
    const script = scripts[stored];
    // A migration may end its transaction by SQL of its own: then this is not the end of the script.
    if (text === 'COMMIT' && recorded === script?.steps) {
      stored += 1;
      recorded = 0;
      script.stored();
    }
  };
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  const query = new pg.Query<ScriptRow>(scripts.map(({ sql }) => sql).join('\n'));
  query.on('row', (row) => {
    recorded += row.tookMs === undefined ? 0 : 1;
    scripts[stored]?.said(row);
  });
  query.on('error', resolve);
  query.on('end', () => {
    resolve(stored < scripts.length ? errorSwallowed() : undefined);
  });
  client.connection.on('commandComplete', onCommand);
  client.query(query);
  const error = await promise;
  client.connection.off('commandComplete', onCommand);
  return { stored, error };
}
