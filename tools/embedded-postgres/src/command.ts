import type { Postmaster, StopMode } from './postmaster.ts';
import { explained } from './server-log.ts';

/** What `supervised-server.ts` asks of `supervise.ts`, one line of JSON each. */
export type Command =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop'; readonly mode: StopMode }
  | { readonly kind: 'kill'; readonly backend: number };

export async function perform(command: Command, on: Postmaster, directory: string): Promise<void> {
  switch (command.kind) {
    case 'start':
      await explained(directory, () => on.start());
      break;
    case 'stop':
      await on.stop(command.mode);
      break;
    case 'kill':
      on.kill(command.backend);
      break;
  }
}
