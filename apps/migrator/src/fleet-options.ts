import { type Command, InvalidArgumentError } from 'commander';
import type { RunOptions } from '@tenantry/persistence';

/** What the command line says of a run. */
export interface FleetOptions extends RunOptions {
  readonly concurrency?: number;
  readonly json?: boolean;
}

/** Adds what says in which order, how many at once, and when to stop. */
export function addWaveOptions(command: Command): Command {
  return command
    .option('--canary <names>', 'these first, and nothing else unless all of them succeed', names)
    .option(
      '--waves <percentages>',
      'then up to so much of the rest, one after the other, such as 10,50',
      percentages,
    )
    .option('--max-failures <limit>', 'stop when more fail: 3, or 5%', limit)
    .option('--concurrency <number>', 'how many at once', wholeNumber);
}

/** The same for placements, and which of them. */
export function addFleetOptions(command: Command): Command {
  return addWaveOptions(command)
    .option('--only <names>', 'only these: tenants or schemas, with commas between', names)
    .option('--exclude <names>', 'not these', names)
    .option('--lock-timeout-ms <ms>', 'how long a statement may wait for a lock', wholeNumber)
    .option('--patience-ms <ms>', 'how long a placement is tried again and again', wholeNumber)
    .option(
      '--verify-sql <sql>',
      'a query that has to give true in each placement, or its transaction is undone',
    );
}

/** The same, and which migrations. */
export function addMigrateOptions(command: Command): Command {
  return addFleetOptions(command)
    .option('--contract', 'contracts too: take away what only older builds need')
    .option('--allow-out-of-order', 'even after what sorts behind it');
}

/** Of a list with commas between. */
export function names(text: string): readonly string[] {
  return text.split(',').map((name) => name.trim());
}

function percentages(text: string): readonly number[] {
  const shares = names(text).map(Number);
  const isGrowing = shares.every((share, index) => share > (shares[index - 1] ?? 0));
  if (!isGrowing || !shares.every((share) => share <= 100)) {
    throw new InvalidArgumentError('They are percentages that grow, such as 10,50.');
  }
  return shares;
}

function limit(text: string): number | `${number}%` {
  if (!/^\d+%?$/.test(text)) {
    throw new InvalidArgumentError('It is a number, or a percentage: 3, or 5%.');
  }
  return text.endsWith('%') ? (text as `${number}%`) : Number(text);
}

/** Of one or more. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) {
    throw new InvalidArgumentError('It is a whole number.');
  }
  return Number(text);
}

/** The same, or 0. */
export function wholeNumberOrNone(text: string): number {
  return text === '0' ? 0 : wholeNumber(text);
}
