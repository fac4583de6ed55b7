//! First-minute hints come in order and do not come back.

import { expect, test } from "vitest";
import { EFFECT_WORDS, Effect, EffectKind, Frame, HEADER_WORDS, Head, NONE } from "../src/frame.ts";
import { Hints } from "../src/hints.ts";
import { hudAtRest } from "../src/ui/model.ts";

function frameWith(kinds: number[], own: number): Frame {
  const words = HEADER_WORDS + kinds.length * EFFECT_WORDS;
  const u = new Uint32Array(words);
  u[Head.self] = NONE;
  u[Head.effects] = kinds.length;
  kinds.forEach((kind, index) => {
    u[HEADER_WORDS + index * EFFECT_WORDS + Effect.kind] = kind;
    u[HEADER_WORDS + index * EFFECT_WORDS + Effect.own] = own;
  });
  const frame = new Frame();
  frame.attach(u.buffer, 0, words);
  return frame;
}

const flying = { ...hudAtRest, holdMax: 20 };

test("what others do teaches nothing", () => {
  const hints = new Hints(["fly"]);
  expect(hints.watch(frameWith([EffectKind.shot, EffectKind.banked], 0))).toBe(false);
  expect(hints.current(flying)).toBe("shoot");
});

test("each hint goes once it has been followed", () => {
  const hints = new Hints([]);
  expect(hints.current(flying)).toBe("fly");
  const later = new Hints(["fly"]);
  expect(later.watch(frameWith([EffectKind.shot], 1))).toBe(true);
  expect(later.current(flying)).toBe("collect");
  expect(later.current({ ...flying, hold: 12 })).toBe("bank");
  later.watch(frameWith([EffectKind.loaded, EffectKind.banked], 1));
  expect(later.current(flying)).toBe("");
  expect(later.current({ ...flying, score: 500, costs: [150, 0, 0, 0] })).toBe("upgrade");
  expect(new Hints(later.all).current(flying)).toBe("");
});
