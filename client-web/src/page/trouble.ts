//! Faults that leave the page running.

import { signal } from "@preact/signals";

/** A frame could not be drawn whole; the graphics card has lost the picture. */
export type Trouble = "frame" | "picture";

export const troubles = signal<ReadonlySet<Trouble>>(new Set());

export function raise(trouble: Trouble): void {
  if (!troubles.value.has(trouble)) troubles.value = new Set([...troubles.value, trouble]);
}

export function settle(trouble: Trouble): void {
  if (troubles.value.has(trouble))
    troubles.value = new Set([...troubles.value].filter((other) => other !== trouble));
}

const reported = new Set<string>();
/** Different exceptions that are reported at most. */
const REPORTS_LIMIT = 20;

/** Reports an exception of a frame to the console, once, and to the player. */
export function reportFrame(error: unknown): void {
  const text = String(error);
  if (reported.has(text) || reported.size >= REPORTS_LIMIT) return;
  reported.add(text);
  console.error("driftbelt: a frame failed:", error);
  raise("frame");
}
