/** How long a check may take. */
export const DEADLINE_MS = 2_000;

/** How long its outcome is given again, to all who ask. */
export const FRESH_FOR_MS = 1_000;
