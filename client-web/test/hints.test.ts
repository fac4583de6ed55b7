//! Hints come in order and do not come back.

import { expect, test } from "vitest";
import { Frame } from "../src/core/frame.ts";
import { Hints } from "../src/game/hints.ts";
import { hudAtRest } from "../src/ui/model.ts";
import { DrawKind, EffectKind, EffectWord, ItemWord } from "../src/wasm/schema.ts";

function frameOf(items: number[], effects: number[], own = 0): Frame {
  const frame = Frame.blank(items.length, effects.length);
  items.forEach((kind, index) => {
    frame.u[frame.item(index) + ItemWord.Kind] = kind;
  });
  effects.forEach((kind, index) => {
    frame.u[frame.effect(index) + EffectWord.Kind] = kind;
    frame.u[frame.effect(index) + EffectWord.Own] = own;
  });
  return frame;
}

const flying = { ...hudAtRest, holdMax: 20 };

test("nothing is learned from other players", () => {
  const hints = new Hints(["fly"]);
  expect(hints.watch(frameOf([DrawKind.Asteroid], [EffectKind.Shot, EffectKind.Banked]))).toBe(false);
  expect(hints.current(flying)).toBe("shoot");
});

test("the hint to shoot needs an asteroid in view", () => {
  const hints = new Hints(["fly"]);
  hints.watch(frameOf([DrawKind.Ship, DrawKind.Ore], []));
  expect(hints.current(flying)).toBe("");
  hints.watch(frameOf([DrawKind.Ship, DrawKind.Asteroid], []));
  expect(hints.current(flying)).toBe("shoot");
});

test("a hint disappears once it has been followed", () => {
  const hints = new Hints([]);
  expect(hints.current(flying)).toBe("fly");
  const later = new Hints(["fly"]);
  expect(later.watch(frameOf([], [EffectKind.Shot], 1))).toBe(true);
  expect(later.current(flying)).toBe("collect");
  expect(later.current({ ...flying, hold: 12 })).toBe("bank");
  later.watch(frameOf([], [EffectKind.Loaded, EffectKind.Banked], 1));
  expect(later.current(flying)).toBe("");
  expect(later.current({ ...flying, purse: 500, costs: [50, 0, 0, 0] })).toBe("upgrade");
  expect(new Hints(later.all).current(flying)).toBe("");
});
