import { type CompiledLists, type Probe } from '@tenantry/persistence';
import { problemsOf } from './problems.ts';
import { readServerFacts } from './server-facts.ts';

/** The server has been asked, and says that this process cannot serve: there is nothing to wait for. */
export class NotServable extends Error {
  override readonly name = 'NotServable';
}

/** What PostgreSQL answers where there is no catalog, or none of its roles: nothing has been migrated. */
const NOT_MIGRATED = new Set(['22023', '3F000', '42501', '42704', '42P01']);

/** Whether the server is there, and is such that this build can serve from it. */
export class ServerCheck {
  constructor(
    private readonly probe: Probe,
    private readonly build: Promise<CompiledLists>,
  ) {}

  /**
   * @throws {NotServable} for what it says of itself
   * @throws for why it cannot be asked
   */
  async mustBeServable(deadlineMs: number): Promise<void> {
    const problems = problemsOf(await this.facts(deadlineMs), await this.build);
    if (problems.length > 0) {
      throw new NotServable(problems.join('; '));
    }
  }

  close(): void {
    this.probe.close();
  }

  private async facts(deadlineMs: number): ReturnType<typeof readServerFacts> {
    try {
      return await readServerFacts(this.probe.within(deadlineMs));
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string };
      throw NOT_MIGRATED.has(code)
        ? new NotServable(`the database has not been migrated for this login: ${message}`)
        : error;
    }
  }
}
