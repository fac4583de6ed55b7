//! The highlights of a recording as one reel.

import { expect, test } from "vitest";
import { titleOf } from "../src/replay/highlights.tsx";
import { type Part, reelOf } from "../src/replay/reel.ts";

function part(from: number, to: number): Part {
  return { player: 1, from, to };
}

test("parts play in the order of the match; of two that overlap, the better one", () => {
  const best = [part(500, 700), part(100, 300), part(690, 900), part(250, 400), part(300, 420)];
  expect(reelOf(best)).toEqual([part(100, 300), part(300, 420), part(500, 700)]);
  expect(reelOf([])).toEqual([]);
});

test("a highlight is named by what it is", () => {
  expect(titleOf({ kind: "streak", value: 3, seconds: 8 }, "Comet")).toBe(
    "\u2068Comet\u2069, 3 in 8 seconds",
  );
  expect(titleOf({ kind: "escape", value: 4, seconds: 0 }, "Comet")).toContain("4");
});
