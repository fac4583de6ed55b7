//! The highlight of a round, from the kills that the server announces: the longest streak, or the highest bounty.

import type { Highlight } from "../ui/model.ts";

/** Kills that follow each other within this time are one row. */
const ROW_MS = 12_000;

export interface Kill {
  killerName: string;
  victimName: string;
  bounty: number;
}

export class RoundHighlight {
  private readonly rows = new Map<string, number[]>();
  best: Highlight | undefined;

  /** Takes a kill. */
  add({ killerName: name, victimName: victim, bounty }: Kill, nowMs: number): void {
    if (name === "") return;
    const row = [...(this.rows.get(name) ?? []).filter((at) => nowMs - at < ROW_MS), nowMs];
    this.rows.set(name, row);
    const seconds = Math.max(1, Math.round((nowMs - row[0]) / 1000));
    const next: Highlight = { name, victim, kills: row.length, seconds, bounty };
    const { best } = this;
    if (!best || next.kills > best.kills || (next.kills === best.kills && bounty > best.bounty))
      this.best = next;
  }

  /** A new round begins. */
  clear(): void {
    this.rows.clear();
    this.best = undefined;
  }
}
