//! What the marks of a recording tell: its events, those of one player, and sums per player.

import type { ReplayInfo, ReplayMark } from "../core/core.ts";

/** Whether a mark is about a player. */
export function concerns(mark: ReplayMark, player: number): boolean {
  return mark.player === player || mark.other === player;
}

/** The nearest mark of a player before (−1) or after (1) a tick; of anybody without a player. */
export function neighbour(
  marks: readonly ReplayMark[],
  tick: number,
  direction: -1 | 1,
  player: number,
): ReplayMark | undefined {
  const fits = (mark: ReplayMark) =>
    (player === 0 || concerns(mark, player)) && Math.sign(mark.tick - tick) === direction;
  return direction > 0 ? marks.find(fits) : marks.findLast(fits);
}

/** What a player did in the whole recording. */
export interface Summary {
  kills: number;
  deaths: number;
  /** Kills without a death in between. */
  streak: number;
  bounties: number;
  hauls: number;
  haul: number;
  bestHaul: number;
  /** Ticks. */
  present: number;
}

export function summarize(info: Pick<ReplayInfo, "marks" | "players">, player: number): Summary {
  const seat = info.players.find(({ id }) => id === player);
  const sum: Summary = {
    kills: 0,
    deaths: 0,
    streak: 0,
    bounties: 0,
    hauls: 0,
    haul: 0,
    bestHaul: 0,
    present: seat ? seat.left - seat.joined : 0,
  };
  let streak = 0;
  for (const { kind, player: by, other, amount = 0 } of info.marks) {
    if (kind === "kill" && by === player) {
      streak += 1;
      sum.kills += 1;
      sum.bounties += amount;
      sum.streak = Math.max(sum.streak, streak);
    } else if (kind === "kill" && other === player) {
      streak = 0;
      sum.deaths += 1;
    } else if (kind === "bank" && by === player) {
      sum.hauls += 1;
      sum.haul += amount;
      sum.bestHaul = Math.max(sum.bestHaul, amount);
    }
  }
  return sum;
}
