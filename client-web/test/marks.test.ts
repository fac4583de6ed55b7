//! The timeline's arithmetic.

import { expect, test } from "vitest";
import type { ReplayInfo, ReplayMark } from "../src/core.ts";
import { clock, columns, describeMark, nearestMark } from "../src/replay/marks.ts";

const marks: ReplayMark[] = [10, 20, 20, 90].map((tick, player) => ({ tick, kind: "kill", player }));

test("finds the nearest mark within reach", () => {
  expect(nearestMark(marks, 0, 5)).toBeUndefined();
  expect(nearestMark(marks, 6, 5)?.tick).toBe(10);
  expect(nearestMark(marks, 16, 5)?.tick).toBe(20);
  expect(nearestMark(marks, 60, 40)?.tick).toBe(90);
  expect(nearestMark(marks, 1000, 5)).toBeUndefined();
  expect(nearestMark([], 5, 5)).toBeUndefined();
});

test("writes a tick as minutes and seconds", () => {
  expect(clock(0, 30)).toBe("0:00");
  expect(clock(30 * 61, 30)).toBe("1:01");
  expect(clock(20 * 600, 20)).toBe("10:00");
});

test("says who destroyed whom", () => {
  const players = [
    { id: 1, name: "Ada" },
    { id: 2, name: "Bo" },
  ];
  const info = { players } as ReplayInfo;
  expect(describeMark({ tick: 1, kind: "kill", player: 1, other: 2 }, info)).toBe("Ada destroyed Bo");
  expect(describeMark({ tick: 1, kind: "kill", player: 0, other: 2 }, info)).toBe("an asteroid destroyed Bo");
});

test("shows where much happened", () => {
  const shown = columns(marks, 100, 10).filter((column) => column.row === 0);
  expect(shown.map(({ x, share }) => [x, share])).toEqual([
    [1, 0.5],
    [2, 1],
    [9, 0.5],
  ]);
  expect(columns([{ tick: 100, kind: "join", player: 1 }], 100, 10)[0].x).toBe(9);
});
