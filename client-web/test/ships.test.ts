//! How ships show hits.

import { expect, test, vi } from "vitest";
import { Frame } from "../src/core/frame.ts";
import type { Atlas } from "../src/view/atlas.ts";
import type { Labels } from "../src/view/labels.ts";
import type { Quads } from "../src/view/quads.ts";
import type { Ribbons } from "../src/view/ribbons.ts";
import { Ships } from "../src/view/ships.ts";
import { DrawKind, HEADER_WORDS, HeaderWord, ITEM_WORDS, ItemWord, Relation } from "../src/wasm/schema.ts";

// The real ones load the renderer, which needs a browser.
vi.mock("../src/view/trails.ts", () => ({
  Trail: class {
    extend() {}
    draw() {}
  },
}));

const SHIP = 7;

function frameOfOneShip(): Frame {
  const words = HEADER_WORDS + ITEM_WORDS;
  const u = new Uint32Array(words);
  const f = new Float32Array(u.buffer);
  u[HeaderWord.Items] = 1;
  u[HEADER_WORDS + ItemWord.Id] = SHIP;
  u[HEADER_WORDS + ItemWord.Kind] = DrawKind.Ship;
  u[HEADER_WORDS + ItemWord.Relation] = Relation.Foe;
  f[HEADER_WORDS + ItemWord.Health] = 1;
  const frame = new Frame();
  frame.attach(u.buffer, 0, words);
  return frame;
}

test("the flash and the bar of a hit can be ended early", () => {
  const ships = new Ships({ hulls: [], drones: [] } as unknown as Atlas, {} as Labels);
  const frame = frameOfOneShip();
  const at = frame.item(0);
  const drawn = (seconds: number) => {
    const quads = { light: vi.fn(), paint: vi.fn() };
    const surface = quads as unknown as Quads;
    ships.drawWake(frame, at, {} as Ribbons, surface, seconds, 0.016);
    ships.drawHull(frame, at, surface, seconds, 0.016);
    ships.drawPlate(frame, at, surface, surface, "", 20, seconds);
    return [quads.light.mock.calls.length, quads.paint.mock.calls.length];
  };
  const calm = drawn(3599.9);
  ships.hit(SHIP, 3599.95);
  ships.flash(SHIP, 3599.95);
  const hit = drawn(3599.95);
  expect(hit).toEqual([calm[0] + 2, calm[1] + 2]);
  ships.endFlashes();
  expect(drawn(0.01)).toEqual(calm);
});
