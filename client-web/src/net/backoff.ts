//! How long to wait before the next attempt to connect.

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Milliseconds before attempt `attempt` (0 is the first retry). Doubles up to a limit; `chance` in 0..1
 * spreads it over its upper half, so that a restarted server does not meet everybody at once.
 */
export function retryDelayMs(attempt: number, chance: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 30));
  return whole * (0.5 + 0.5 * chance);
}

/** Close codes after which another attempt cannot help. */
const FINAL_CODES: ReadonlySet<number> = new Set([4000, 4005, 4006, 4007]);

export function mayRetry(code: number): boolean {
  return !FINAL_CODES.has(code);
}
