//! The marks of a timeline: their colours, their texts, and which one is under the pointer.

import "../locale/pages.ts";
import type { MarkKind, ReplayInfo, ReplayMark } from "../core/core.ts";
import { t, whole } from "../locale/locale.ts";
import { concerns } from "./story.ts";

/** Colour and row of a kind of mark: colour is not the only cue. */
const markStyle: Readonly<Record<MarkKind, { colour: string; row: number }>> = {
  kill: { colour: "#ff6b5e", row: 0 },
  bank: { colour: "#ffb43d", row: 1 },
  join: { colour: "#6ff2b0", row: 2 },
  leave: { colour: "#8391bd", row: 2 },
  chat: { colour: "#9fd0ff", row: 3 },
  escape: { colour: "#6ff2b0", row: 1 },
  shot: { colour: "#ff6b5e", row: 0 },
  round: { colour: "#ffffff", row: 0 },
};

/** A mark as text. */
export function describeMark(mark: ReplayMark, info: ReplayInfo): string {
  const nameOf = (player: number | undefined) =>
    info.players.find((other) => other.id === player)?.name ?? t("kill.asteroid");
  return t(`replay.mark.${mark.kind}`, {
    name: nameOf(mark.player),
    other: nameOf(mark.other),
    amount: whole(mark.amount ?? 0),
    text: mark.text ?? "",
  });
}

/** The ticks that a timeline shows. */
type Span = Pick<ReplayInfo, "firstTick" | "ticks">;

/** A tick's position on the timeline, 0..1. */
export function shareAt(tick: number, { firstTick, ticks }: Span): number {
  return (tick - firstTick) / Math.max(1, ticks - firstTick);
}

/** The tick at a position on the timeline. */
export function tickAt(share: number, { firstTick, ticks }: Span): number {
  return firstTick + Math.round(share * (ticks - firstTick));
}

/** The marks of one kind in one column of the timeline; `share` is their number relative to the fullest column. */
export interface Column {
  /** Whether one of them is about the player asked for. */
  own: boolean;
  x: number;
  row: number;
  colour: string;
  share: number;
}

/** Groups marks in columns, so that a long match shows density instead of one solid bar. */
export function columns(marks: readonly ReplayMark[], span: Span, count: number, player = 0): Column[] {
  const found: Column[] = [];
  for (const kind of Object.keys(markStyle) as MarkKind[]) {
    const counts = new Map<number, number>();
    const owned = new Set<number>();
    for (const mark of marks) {
      if (mark.kind !== kind) continue;
      const x = Math.min(count - 1, Math.floor(shareAt(mark.tick, span) * count));
      counts.set(x, (counts.get(x) ?? 0) + 1);
      if (concerns(mark, player)) owned.add(x);
    }
    const most = Math.max(...counts.values());
    for (const [x, number] of counts)
      found.push({ x, own: owned.has(x), ...markStyle[kind], share: number / most });
  }
  return found;
}

/** The mark nearest to a tick, at most `reach` ticks away. `marks` ascend by tick. */
export function nearestMark(
  marks: readonly ReplayMark[],
  tick: number,
  reach: number,
): ReplayMark | undefined {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (marks[middle].tick < tick) low = middle + 1;
    else high = middle;
  }
  const candidates = [marks[low - 1], marks[low]].filter(
    (mark) => mark !== undefined && Math.abs(mark.tick - tick) <= reach,
  );
  return candidates.sort((a, b) => Math.abs(a.tick - tick) - Math.abs(b.tick - tick))[0];
}

/** A number of ticks as minutes and seconds. */
export function clock(ticks: number, tickRate: number): string {
  const seconds = Math.floor(ticks / tickRate);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Minutes and seconds from the recording's start to a tick. */
export function clockAt(tick: number, info: Pick<ReplayInfo, "firstTick" | "tickRate">): string {
  return clock(tick - info.firstTick, info.tickRate);
}
