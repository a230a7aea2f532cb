import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the server in a directory says what it has to say. */
export function logFile(directory: string): string {
  return join(directory, 'server.log');
}

export function appendToLog(directory: string, text: string): void {
  appendFileSync(logFile(directory), text);
}

/** @throws {Error} with the last lines of the log, where `start` fails */
export async function explained<T>(directory: string, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    // The package rejects with nothing when the server ends early: its log says why.
    const reason = error instanceof Error ? error.message : await lastLines(logFile(directory));
    throw new Error(`The embedded PostgreSQL could not be started in ${directory}:\n${reason}`);
  }
}

async function lastLines(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim().split('\n').slice(-5).join('\n');
}
