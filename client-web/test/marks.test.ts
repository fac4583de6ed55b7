//! The timeline's arithmetic.

import { expect, test } from "vitest";
import type { ReplayMark } from "../src/core.ts";
import { clock, nearestMark } from "../src/replay/marks.ts";

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
