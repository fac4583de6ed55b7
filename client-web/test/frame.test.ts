//! The frame reader against hand-made buffers.

import { expect, test } from "vitest";
import { EFFECT_WORDS, Effect, ENTITY_WORDS, Entity, Frame, HEADER_WORDS, Head, NONE } from "../src/frame.ts";

function buffer(entities: number, effects: number): { memory: ArrayBuffer; words: number } {
  const words = HEADER_WORDS + entities * ENTITY_WORDS + effects * EFFECT_WORDS;
  const memory = new ArrayBuffer(64 + words * 4);
  const u = new Uint32Array(memory, 64, words);
  u[Head.entities] = entities;
  u[Head.effects] = effects;
  u[Head.self] = NONE;
  u[Head.docked] = NONE;
  return { memory, words };
}

test("reads header, entities and effects where the core has put them", () => {
  const { memory, words } = buffer(2, 1);
  const u = new Uint32Array(memory, 64, words);
  const f = new Float32Array(memory, 64, words);
  u[Head.self] = 1;
  u[Head.docked] = 2;
  u[Head.levels] = 1 | (2 << 8) | (3 << 16) | (4 << 24);
  f[HEADER_WORDS + ENTITY_WORDS + Entity.x] = -12.5;
  u[HEADER_WORDS + 2 * ENTITY_WORDS + Effect.kind] = 9;
  const frame = new Frame();
  frame.attach(memory, 64, words);
  expect(frame.self).toBe(frame.entity(1));
  expect(frame.f[frame.self + Entity.x]).toBe(-12.5);
  expect(frame.u[frame.effect(0) + Effect.kind]).toBe(9);
  expect(frame.dockedStation).toBe(2);
  expect(frame.levels).toEqual({ hull: 1, engine: 2, gun: 3, hold: 4 });
});

test("has no own ship and no station when the header says so, or points past the end", () => {
  const { memory, words } = buffer(1, 0);
  const frame = new Frame();
  frame.attach(memory, 64, words);
  expect(frame.self).toBe(-1);
  expect(frame.dockedStation).toBe(-1);
  new Uint32Array(memory, 64, words)[Head.self] = 7;
  expect(frame.self).toBe(-1);
});

test("refuses a frame that announces more than it holds", () => {
  const { memory, words } = buffer(3, 2);
  expect(() => new Frame().attach(memory, 64, words - 1)).toThrow(RangeError);
  expect(() => new Frame().attach(memory, 64, HEADER_WORDS - 1)).toThrow(RangeError);
});
