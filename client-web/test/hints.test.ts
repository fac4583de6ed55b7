//! First-minute hints come in order and do not come back.

import { expect, test } from "vitest";
import {
  EFFECT_WORDS,
  Effect,
  EffectKind,
  ENTITY_WORDS,
  Entity,
  Frame,
  HEADER_WORDS,
  Head,
  Kind,
  NONE,
} from "../src/frame.ts";
import { Hints } from "../src/hints.ts";
import { hudAtRest } from "../src/ui/model.ts";

function frameOf(entities: number[], effects: number[], own = 0): Frame {
  const firstEffect = HEADER_WORDS + entities.length * ENTITY_WORDS;
  const words = firstEffect + effects.length * EFFECT_WORDS;
  const u = new Uint32Array(words);
  u[Head.self] = NONE;
  u[Head.entities] = entities.length;
  u[Head.effects] = effects.length;
  entities.forEach((kind, index) => {
    u[HEADER_WORDS + index * ENTITY_WORDS + Entity.kind] = kind;
  });
  effects.forEach((kind, index) => {
    u[firstEffect + index * EFFECT_WORDS + Effect.kind] = kind;
    u[firstEffect + index * EFFECT_WORDS + Effect.own] = own;
  });
  const frame = new Frame();
  frame.attach(u.buffer, 0, words);
  return frame;
}

const flying = { ...hudAtRest, holdMax: 20 };

test("what others do teaches nothing", () => {
  const hints = new Hints(["fly"]);
  expect(hints.watch(frameOf([Kind.asteroid], [EffectKind.shot, EffectKind.banked]))).toBe(false);
  expect(hints.current(flying)).toBe("shoot");
});

test("nobody is told to shoot what is not there", () => {
  const hints = new Hints(["fly"]);
  hints.watch(frameOf([Kind.ship, Kind.ore], []));
  expect(hints.current(flying)).toBe("");
  hints.watch(frameOf([Kind.ship, Kind.asteroid], []));
  expect(hints.current(flying)).toBe("shoot");
});

test("each hint goes once it has been followed", () => {
  const hints = new Hints([]);
  expect(hints.current(flying)).toBe("fly");
  const later = new Hints(["fly"]);
  expect(later.watch(frameOf([], [EffectKind.shot], 1))).toBe(true);
  expect(later.current(flying)).toBe("collect");
  expect(later.current({ ...flying, hold: 12 })).toBe("bank");
  later.watch(frameOf([], [EffectKind.loaded, EffectKind.banked], 1));
  expect(later.current(flying)).toBe("");
  expect(later.current({ ...flying, score: 500, costs: [150, 0, 0, 0] })).toBe("upgrade");
  expect(new Hints(later.all).current(flying)).toBe("");
});
