//! What has damaged the own ship.

import { expect, test } from "vitest";
import { Frame } from "../src/core/frame.ts";
import { Wounds } from "../src/game/wounds.ts";
import { model } from "../src/ui/model.ts";
import { EffectKind, EffectWord, HeaderWord, ItemWord } from "../src/wasm/schema.ts";

const SHIP = 9;
const names = new Map([
  [2, "Ada"],
  [3, "Bo"],
]);

/** A frame with hits: the ship, the shooter, the damage. */
function frameOf(health: number, hits: readonly (readonly [number, number, number])[]): Frame {
  const frame = Frame.blank(1, hits.length);
  const { u, f } = frame;
  const alive = health > 0;
  u[HeaderWord.Alive] = Number(alive);
  if (alive) u[HeaderWord.Own] = 0;
  f[HeaderWord.Health] = health;
  u[frame.item(0) + ItemWord.Id] = SHIP;
  hits.forEach(([ship, player, damage], index) => {
    const at = frame.effect(index);
    u[at + EffectWord.Kind] = EffectKind.Hit;
    u[at + EffectWord.Subject] = ship;
    u[at + EffectWord.Player] = player;
    f[at + EffectWord.Value] = damage;
  });
  return frame;
}

test("hits are summed by shooter, and the rest was collisions", () => {
  const wounds = new Wounds();
  const watch = (health: number, ...hits: (readonly [number, number, number])[]) =>
    wounds.watch(frameOf(health, hits), (player) => names.get(player) ?? "");
  watch(100);
  watch(90, [SHIP, 2, 10], [7, 3, 50]);
  expect(model.hits.value).toMatchObject([{ name: "Ada", angle: Math.PI }]);
  watch(70);
  watch(50, [SHIP, 3, 20]);
  expect(model.damage.value).toEqual([]);
  watch(0, [SHIP, 3, 50]);
  expect(model.damage.value).toEqual([
    { name: "Bo", hits: 2, damage: 70 },
    { name: "Ada", hits: 1, damage: 10 },
    { name: "", hits: 0, damage: 20 },
  ]);
  watch(100);
  expect(model.damage.value).toEqual([]);
});
