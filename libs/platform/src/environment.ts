import type { z } from 'zod';

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment does not fit. The message names every variable that is wrong, and never a value. */
export class InvalidEnvironment extends Error {
  override readonly name = 'InvalidEnvironment';

  constructor(problems: readonly string[]) {
    super(`The environment does not fit:\n${problems.map((each) => `  ${each}`).join('\n')}`);
  }
}

/**
 * Reads the variables that a schema names. An empty variable counts as absent. No other file reads `process.env`.
 * @throws {InvalidEnvironment}
 */
export function readEnvironment<Config>(
  schema: z.ZodType<Config>,
  environment: Environment = process.env,
): Config {
  const present = Object.entries(environment).filter(([, value]) => value !== '');
  const result = schema.safeParse(Object.fromEntries(present));
  if (!result.success) {
    throw new InvalidEnvironment(
      result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`),
    );
  }
  return result.data;
}
