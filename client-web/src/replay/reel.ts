//! A reel: moments of a recording, one after the other.

import type { ReplayHighlight } from "../core/core.ts";

/** A part of a reel. */
export type Part = Pick<ReplayHighlight, "player" | "from" | "to">;

/** The parts of a reel in the order of the match. Of parts that overlap, the one listed first is shown whole. */
export function reelOf(highlights: readonly Part[]): Part[] {
  const parts: Part[] = [];
  for (const highlight of highlights)
    if (parts.every((part) => highlight.to <= part.from || part.to <= highlight.from)) parts.push(highlight);
  return parts.sort((a, b) => a.from - b.from);
}
