//! How long to wait before the next attempt to connect.

import { FINAL_CLOSE_CODES } from "../wasm/schema.ts";
import { FORBIDDEN } from "./transport/refusal.ts";

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Milliseconds before attempt `attempt` (0 is the first retry). Doubles up to a limit; `chance` in 0..1 spreads it over its
 * upper half, so that the players of a restarted server do not all return at once.
 */
export function retryDelayMs(attempt: number, chance: number): number {
  const delay = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 30));
  return delay * (0.5 + 0.5 * chance);
}

/** Whether another attempt can help after this close code. */
export function mayRetry(code: number): boolean {
  return code !== FORBIDDEN && !FINAL_CLOSE_CODES.includes(code);
}
