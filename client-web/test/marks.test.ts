//! Marks on the timeline.

import { expect, test } from "vitest";
import type { ReplayInfo, ReplayMark } from "../src/core/core.ts";
import { clock, clockAt, columns, describeMark, nearestMark, shareAt, tickAt } from "../src/replay/marks.ts";

const marks: ReplayMark[] = [10, 20, 20, 90].map((tick, player) => ({ tick, kind: "kill", player }));

test("the nearest mark within reach is found", () => {
  expect(nearestMark(marks, 0, 5)).toBeUndefined();
  expect(nearestMark(marks, 6, 5)?.tick).toBe(10);
  expect(nearestMark(marks, 16, 5)?.tick).toBe(20);
  expect(nearestMark(marks, 60, 40)?.tick).toBe(90);
  expect(nearestMark(marks, 1000, 5)).toBeUndefined();
  expect(nearestMark([], 5, 5)).toBeUndefined();
});

test("ticks are written as minutes and seconds", () => {
  expect(clock(0, 30)).toBe("0:00");
  expect(clock(30 * 61, 30)).toBe("1:01");
  expect(clock(20 * 600, 20)).toBe("10:00");
});

test("a kill names both players", () => {
  const players = [
    { id: 1, name: "Ada" },
    { id: 2, name: "Bo" },
  ];
  const info = { players } as ReplayInfo;
  expect(describeMark({ tick: 1, kind: "kill", player: 1, other: 2 }, info)).toBe(
    "\u2068Ada\u2069 destroyed \u2068Bo\u2069",
  );
  expect(describeMark({ tick: 1, kind: "kill", player: 0, other: 2 }, info)).toBe(
    "\u2068an asteroid\u2069 destroyed \u2068Bo\u2069",
  );
});

test("columns show the density of marks", () => {
  const span = { firstTick: 0, ticks: 100 };
  const shown = columns(marks, span, 10).filter((column) => column.row === 0);
  expect(shown.map(({ x, share }) => [x, share])).toEqual([
    [1, 0.5],
    [2, 1],
    [9, 0.5],
  ]);
  expect(columns([{ tick: 100, kind: "join", player: 1 }], span, 10)[0].x).toBe(9);
});

test("a recording from the middle of a match has the whole timeline", () => {
  const info = { firstTick: 18_000, ticks: 18_100, tickRate: 20 };
  const later = marks.map((mark) => ({ ...mark, tick: info.firstTick + mark.tick }));
  expect(columns(later, info, 10)).toEqual(columns(marks, { firstTick: 0, ticks: 100 }, 10));
  for (const [tick, share] of [
    [18_000, 0],
    [18_025, 0.25],
    [18_100, 1],
  ]) {
    expect(shareAt(tick, info)).toBe(share);
    expect(tickAt(share, info)).toBe(tick);
  }
  expect([clockAt(18_000, info), clockAt(18_100, info)]).toEqual(["0:00", "0:05"]);
});

test("a recording of a single tick has a timeline", () => {
  const info = { firstTick: 18_000, ticks: 18_000 };
  expect(shareAt(18_000, info)).toBe(0);
  expect(tickAt(1, info)).toBe(18_000);
});
