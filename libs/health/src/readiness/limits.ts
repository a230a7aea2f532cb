/** How long a check may take, the answer included. */
export const DEADLINE_MS = 2_000;

/** How long its outcome is given again, to all who ask. */
export const FRESH_FOR_MS = 1_000;

/** So many times in a row the database may not be reached before that counts. */
export const FAILURES = 2;

/** How soon a failure that does not count yet is looked at again. */
export const CONFIRMED_AFTER_MS = 300;

/** Nobody may have asked for long: then the last success is no reason to forgive a failure. */
export const FORGIVEN_FOR_MS = 8_000;
