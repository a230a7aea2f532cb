import type { Command, Option } from 'commander';
import { decide, type DecideOptions, DECISIONS } from './commands/event/decide.ts';
import { listParked } from './commands/event/parked.ts';
import type { ExitCode } from './exit-codes.ts';

/** The commands for events that could not be delivered. */
export function addEventCommands(
  program: Command,
  json: () => Option,
  done: (code: ExitCode) => void,
): void {
  const event = program.command('event').description('see to events that could not be delivered');
  event
    .command('parked')
    .description('list those that wait for somebody to decide')
    .addOption(json())
    .action(async (options: { json?: boolean }) => {
      done(await listParked(options));
    });
  for (const [decision, description] of Object.entries(DECISIONS)) {
    event
      .command(decision)
      .description(description)
      .requiredOption('--tenant <slug>')
      .requiredOption('--id <id>', 'as `event parked` lists it')
      .addOption(json())
      .action(async (options: DecideOptions) => {
        done(await decide(decision as keyof typeof DECISIONS, options));
      });
  }
}
