//! The resolution falls where that helps.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Sharpness } from "../src/view/sharpness.ts";

beforeEach(() => vi.stubGlobal("devicePixelRatio", 2));
afterEach(() => vi.unstubAllGlobals());

/** Draws frames whose time depends on the resolution; returns the resolutions in order. */
function play(sharpness: Sharpness, frames: number, frameMs: (resolution: number) => number): number[] {
  const seen = [sharpness.resolution];
  let now = 0;
  sharpness.measure(now);
  for (let frame = 0; frame < frames; frame += 1) {
    now += frameMs(sharpness.resolution);
    if (sharpness.measure(now)) seen.push(sharpness.resolution);
  }
  return seen.map((resolution) => Math.round(resolution * 100) / 100);
}

test("a browser that throttles its frames keeps its resolution", () => {
  const sharpness = new Sharpness();
  expect(play(sharpness, 10_000, () => 33.3)).toEqual([2, 1.6, 1.28, 1.02, 0.82, 0.75, 2]);
});

test("a fast machine keeps its resolution", () => {
  expect(play(new Sharpness(), 10_000, () => 16.7)).toEqual([2]);
});

test("a machine that gets faster with fewer pixels keeps them, and tries more only once", () => {
  const sharpness = new Sharpness();
  const perPixel = (resolution: number) => 10 * resolution ** 2;
  expect(play(sharpness, 500, perPixel)).toEqual([2, 1.6, 1.28]);
  expect(play(sharpness, 20_000, perPixel)).toEqual([1.28, 1.6, 1.28]);
});

test("a step whose gain shows only with the next one counts, because frames wait for the display", () => {
  const refresh = 1000 / 60;
  const onDisplay = (resolution: number) => Math.ceil((7 * resolution ** 2) / refresh) * refresh;
  expect(play(new Sharpness(), 500, onDisplay)).toEqual([2, 1.6, 1.28]);
});

test("a resolution that helped is kept when frames get slower", () => {
  const sharpness = new Sharpness();
  const perPixel = (resolution: number) => 20 * resolution ** 2 + 20;
  expect(play(sharpness, 400, perPixel).at(-1)).toBe(0.75);
  expect(play(sharpness, 2_000, (resolution) => 6 * perPixel(resolution))).toEqual([0.75]);
});

test("two measurements of one frame count as one", () => {
  const sharpness = new Sharpness();
  let now = 0;
  for (let frame = 0; frame < 10_000; frame += 1) {
    now += 33.3;
    sharpness.measure(now);
    sharpness.measure(now);
  }
  expect(sharpness.resolution).toBe(2);
});

test("after a slow phase the resolution rises by one step", () => {
  const sharpness = new Sharpness();
  play(sharpness, 100, (resolution) => 10 * resolution ** 2);
  expect(play(sharpness, 20_000, () => 8)).toEqual([1.28, 1.6]);
});

test("the resolution has a lower limit, and a hidden tab does not count as slow", () => {
  expect(play(new Sharpness(), 2_000, (resolution) => 100 * resolution ** 2).at(-1)).toBe(0.75);
  expect(play(new Sharpness(), 200, () => 1000)).toEqual([2]);
});

test("another monitor or zoom sets the resolution, however the last one was judged", () => {
  const sharpness = new Sharpness();
  play(sharpness, 10_000, () => 33.3);
  vi.stubGlobal("devicePixelRatio", 1);
  expect(sharpness.measure(1e9)).toBe(true);
  expect(sharpness.resolution).toBe(1);
  vi.stubGlobal("devicePixelRatio", 1.5);
  expect(play(sharpness, 500, (resolution) => 14 * resolution ** 2)).toEqual([1, 1.2]);
});
