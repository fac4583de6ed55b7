//! Pointers at the edge of the picture keep clear of the HUD.

import { expect, test } from "vitest";
import { type Box, clearOf, POINTER_REACH, type Point } from "../src/ui/panels.ts";

const MIDDLE = { x: 500, y: 325 };
const BOARD = { left: 772, top: 16, right: 984, bottom: 200 };
const KILLS = { left: 850, top: 214, right: 984, bottom: 240 };
const MAP = { left: 818, top: 468, right: 978, bottom: 628 };

function covers(point: Point, box: Box): boolean {
  return (
    point.x > box.left - POINTER_REACH.right + 1e-6 &&
    point.x < box.right + POINTER_REACH.left - 1e-6 &&
    point.y > box.top - POINTER_REACH.bottom + 1e-6 &&
    point.y < box.bottom + POINTER_REACH.top - 1e-6
  );
}

test("a pointer covers no panel, wherever it points, and keeps its direction", () => {
  let moved = 0;
  for (let degrees = 0; degrees < 360; degrees += 1) {
    const angle = (degrees * Math.PI) / 180;
    const point = { x: MIDDLE.x + Math.cos(angle) * 436, y: MIDDLE.y + Math.sin(angle) * 240 };
    const clear = clearOf([KILLS, BOARD, MAP], point, MIDDLE);
    for (const box of [KILLS, BOARD, MAP]) expect(covers(clear, box), `at ${degrees}°`).toBe(false);
    const heading = Math.atan2(clear.y - MIDDLE.y, clear.x - MIDDLE.x);
    expect(Math.cos(heading - Math.atan2(point.y - MIDDLE.y, point.x - MIDDLE.x))).toBeCloseTo(1, 9);
    if (clear.x !== point.x) moved += 1;
  }
  expect(moved).toBeGreaterThan(20);
  expect(moved).toBeLessThan(120);
});

test("a panel beside the line or over the middle does not move a pointer", () => {
  const above = { x: 500, y: 60 };
  expect(clearOf([BOARD, { left: 400, top: 300, right: 600, bottom: 350 }], above, MIDDLE)).toEqual(above);
  const bar = { left: 400, top: 20, right: 600, bottom: 70 };
  expect(clearOf([bar], above, MIDDLE)).toEqual({ x: 500, y: bar.bottom + POINTER_REACH.top });
});
