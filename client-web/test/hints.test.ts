//! Hints come in order and do not come back.

import { expect, test } from "vitest";
import { Frame } from "../src/core/frame.ts";
import { Hints } from "../src/game/hints.ts";
import { hudAtRest } from "../src/ui/model.ts";
import {
  DrawKind,
  EFFECT_WORDS,
  EffectKind,
  EffectWord,
  HEADER_WORDS,
  HeaderWord,
  ITEM_WORDS,
  ItemWord,
  NONE,
} from "../src/wasm/schema.ts";

function frameOf(entities: number[], effects: number[], own = 0): Frame {
  const firstEffect = HEADER_WORDS + entities.length * ITEM_WORDS;
  const words = firstEffect + effects.length * EFFECT_WORDS;
  const u = new Uint32Array(words);
  u[HeaderWord.Own] = NONE;
  u[HeaderWord.Items] = entities.length;
  u[HeaderWord.Effects] = effects.length;
  entities.forEach((kind, index) => {
    u[HEADER_WORDS + index * ITEM_WORDS + ItemWord.Kind] = kind;
  });
  effects.forEach((kind, index) => {
    u[firstEffect + index * EFFECT_WORDS + EffectWord.Kind] = kind;
    u[firstEffect + index * EFFECT_WORDS + EffectWord.Own] = own;
  });
  const frame = new Frame();
  frame.attach(u.buffer, 0, words);
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
  expect(later.current({ ...flying, score: 500, costs: [150, 0, 0, 0] })).toBe("upgrade");
  expect(new Hints(later.all).current(flying)).toBe("");
});
