//! The frame reader against the golden frame that the core's test writes.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Frame } from "../src/core/frame.ts";
import {
  DrawKind,
  EffectKind,
  EffectWord,
  HeaderWord,
  ItemWord,
  Relation,
  ShipFlags,
} from "../src/wasm/schema.ts";

const OFFSET_BYTES = 64;

test("the golden frame reads as the core wrote it", () => {
  const file = new URL("../core/tests/golden/frame.json", import.meta.url);
  const words: number[] = JSON.parse(readFileSync(file, "utf8"));
  // The frame lies in the middle of a memory, as the core's does.
  const memory = new ArrayBuffer(OFFSET_BYTES + words.length * 4);
  new Uint32Array(memory, OFFSET_BYTES).set(words);
  const frame = new Frame();
  frame.attach(memory, OFFSET_BYTES);
  const { u, f, own } = frame;
  expect([frame.itemCount, frame.effectCount, u[HeaderWord.Tick], frame.alive]).toEqual([2, 1, 77, true]);
  expect([frame.dockedStation, frame.levels]).toEqual([1, { hull: 1, engine: 2, gun: 3, hold: 4 }]);
  const floats = (
    ["CameraX", "CameraY", "HalfSize", "ViewWidth", "ViewHeight", "Health", "HealthMax"] as const
  ).map((word) => f[HeaderWord[word]]);
  expect(floats).toEqual([2.5, -1, 110, 100, 60, 72, 100]);
  expect([f[HeaderWord.RespawnSeconds], f[HeaderWord.Seconds], f[HeaderWord.Speed]]).toEqual([
    1.5, 12.25, 0.625,
  ]);
  expect([u[HeaderWord.CostHull], u[HeaderWord.CostHold], u[HeaderWord.Score]]).toEqual([400, 0, 900]);

  const rock = frame.item(0);
  expect([u[rock + ItemWord.Id], u[rock + ItemWord.Kind]]).toEqual([9, DrawKind.Asteroid]);
  expect(own).toBe(frame.item(1));
  const ids = [
    u[own + ItemWord.Id],
    u[own + ItemWord.Kind],
    u[own + ItemWord.Player],
    u[own + ItemWord.Relation],
  ];
  expect(ids).toEqual([7, DrawKind.Ship, 3, Relation.Own]);
  expect(u[own + ItemWord.Flags]).toBe(ShipFlags.THRUST | ShipFlags.PROTECTED);
  const motion = (["X", "Y", "Heading", "VelocityX", "VelocityY"] as const).map(
    (word) => f[own + ItemWord[word]],
  );
  expect(motion).toEqual([2.5, -1, 0.75, -3, 4]);
  expect([f[own + ItemWord.Hold], f[own + ItemWord.Energy]]).toEqual([0.25, 0.875]);

  const effect = frame.effect(0);
  const subjects = [
    u[effect + EffectWord.Kind],
    u[effect + EffectWord.Subject],
    u[effect + EffectWord.Other],
  ];
  expect(subjects).toEqual([EffectKind.Broken, 9, 7]);
  const values = (["X", "Y", "Value", "Heading"] as const).map((word) => f[effect + EffectWord[word]]);
  expect([...values, u[effect + EffectWord.Own]]).toEqual([-8.5, 16, 4, -0.5, 1]);
});

test("a frame has no own ship and no station if the header says so, or points past the end", () => {
  const frame = Frame.blank(1);
  expect([frame.own, frame.dockedStation]).toEqual([-1, -1]);
  frame.u[HeaderWord.Own] = 7;
  expect(frame.own).toBe(-1);
});

test("a frame that reaches beyond its memory is refused", () => {
  const { u } = Frame.blank(1);
  u[HeaderWord.Items] = 2;
  expect(() => new Frame().attach(u.buffer, 0)).toThrow(RangeError);
});
