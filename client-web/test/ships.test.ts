//! How ships show hits.

import { expect, test, vi } from "vitest";
import { Frame } from "../src/core/frame.ts";
import type { Atlas } from "../src/view/atlas.ts";
import type { Labels } from "../src/view/labels.ts";
import type { Quads } from "../src/view/quads.ts";
import type { Ribbons } from "../src/view/ribbons.ts";
import { Ships } from "../src/view/ships.ts";
import { DrawKind, ItemWord, Relation } from "../src/wasm/schema.ts";

// The real ones load the renderer, which needs a browser.
vi.mock("../src/view/trails.ts", () => ({
  Trail: class {
    extend() {}
    draw() {}
  },
}));

const SHIP = 7;

test("the flash and the bar of a hit can be ended early", () => {
  const ships = new Ships({ hulls: [], drones: [] } as unknown as Atlas, {} as Labels);
  const frame = Frame.blank(1);
  const at = frame.item(0);
  frame.u[at + ItemWord.Id] = SHIP;
  frame.u[at + ItemWord.Kind] = DrawKind.Ship;
  frame.u[at + ItemWord.Relation] = Relation.Foe;
  frame.f[at + ItemWord.Health] = 1;
  const drawn = (seconds: number) => {
    const quads = { glow() {}, light: vi.fn(), paint: vi.fn() };
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
