//! The tutorial's steps are done by doing.

import { expect, test } from "vitest";
import { Frame } from "../src/core/frame.ts";
import { STEPS, Tutorial } from "../src/practice/tutorial.ts";
import { DrawKind, EffectKind, EffectWord, HeaderWord, ItemWord, ShipFlags } from "../src/wasm/schema.ts";

const OWN = 7;
const OTHER = 8;

/** A frame with the own ship, another thing, and one effect. */
function frame(flags: number, otherKind: number, effect?: { kind: number; subject: number }): Frame {
  const made = Frame.blank(2, effect ? 1 : 0);
  made.u[HeaderWord.Own] = 0;
  for (const [index, id, kind] of [
    [0, OWN, DrawKind.Ship],
    [1, OTHER, otherKind],
  ]) {
    made.u[made.item(index) + ItemWord.Id] = id;
    made.u[made.item(index) + ItemWord.Kind] = kind;
  }
  made.u[made.item(0) + ItemWord.Flags] = flags;
  if (!effect) return made;
  const at = made.effect(0);
  made.u[at + EffectWord.Kind] = effect.kind;
  made.u[at + EffectWord.Subject] = effect.subject;
  made.u[at + EffectWord.Own] = 1;
  return made;
}

test("each step is done when the player has done it, and not before", () => {
  const tutorial = new Tutorial();
  let nowMs = 0;
  const watch = (seen: Frame, frames = 1) => {
    for (let i = 0; i < frames; i += 1) {
      nowMs += 50;
      tutorial.watch(seen, nowMs);
    }
    return tutorial.step;
  };
  const { Ship, Asteroid } = DrawKind;
  const done = (kind: number) => frame(0, Asteroid, { kind, subject: OWN });
  const hit = (kind: number, subject = OTHER) => frame(0, kind, { kind: EffectKind.Hit, subject });
  expect(watch(frame(0, Asteroid), 100)).toBe("fly");
  expect(watch(frame(ShipFlags.THRUST, Asteroid), 20)).toBe("fly");
  expect(watch(frame(ShipFlags.THRUST, Asteroid), 30)).toBe("boost");
  expect(watch(frame(ShipFlags.THRUST | ShipFlags.BOOST, Asteroid), 30)).toBe("break");
  expect(watch(hit(Ship))).toBe("break");
  expect(watch(hit(Asteroid, OWN))).toBe("break");
  expect(watch(hit(Asteroid))).toBe("load");
  expect(watch(done(EffectKind.Banked))).toBe("load");
  expect(watch(done(EffectKind.Loaded))).toBe("bank");
  expect(watch(done(EffectKind.Banked))).toBe("upgrade");
  expect(watch(done(EffectKind.Upgraded))).toBe("raid");
  expect(watch(hit(Asteroid))).toBe("raid");
  expect(watch(hit(Ship))).toBeUndefined();
  expect(tutorial.done).toBe(STEPS.length);
});

test("a step can be skipped", () => {
  const tutorial = new Tutorial();
  tutorial.skip();
  expect(tutorial.step).toBe(STEPS[1]);
});
