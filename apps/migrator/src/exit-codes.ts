/** What the process says with its exit code; scripts rely on it. */
export const EXIT = {
  /** Done, or there was nothing to do. */
  done: 0,
  fatal: 1,
  /** `status`: there are migrations to be applied. */
  pending: 2,
  /** Something is not what it has to be: a migration that was applied has changed since, tenants are not isolated. */
  drift: 3,
  /** Another run holds the lock. */
  locked: 4,
  /** Some targets failed; the others are done. */
  partial: 5,
  usage: 64,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
