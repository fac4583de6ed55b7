//! First-minute hints: each waits for its moment and is gone for good once it has been followed.

import { Effect, EffectKind, Entity, Flag, type Frame, Kind } from "./frame.ts";
import type { Hud } from "./ui/model.ts";

/** In the order in which they come up. */
export const HINTS = ["fly", "shoot", "collect", "bank", "upgrade"] as const;
export type Hint = (typeof HINTS)[number];

export class Hints {
  private readonly learned: Set<string>;
  private rockInSight = false;

  constructor(learned: readonly string[]) {
    this.learned = new Set(learned);
  }

  get all(): string[] {
    return [...this.learned];
  }

  /** Looks at what the player just did and could do; says whether something was learned. */
  watch(frame: Frame): boolean {
    const before = this.learned.size;
    this.rockInSight = !this.learned.has("shoot") && hasRock(frame);
    const self = frame.self;
    if (self >= 0) {
      const flags = frame.u[self + Entity.flags];
      if (flags & Flag.thrust) this.learned.add("fly");
      if (flags & Flag.firing) this.learned.add("shoot");
    }
    for (let index = 0; index < frame.effectCount; index += 1) {
      const at = frame.effect(index);
      if (frame.u[at + Effect.own] !== 1) continue;
      const kind = frame.u[at + Effect.kind];
      if (kind === EffectKind.shot) this.learned.add("shoot");
      if (kind === EffectKind.loaded) this.learned.add("collect");
      if (kind === EffectKind.banked) this.learned.add("bank");
      if (kind === EffectKind.upgrade) this.learned.add("upgrade");
    }
    return this.learned.size > before;
  }

  /** The hint that helps now. */
  current(hud: Hud): Hint | "" {
    if (!this.learned.has("fly")) return "fly";
    if (!this.learned.has("shoot")) return this.rockInSight ? "shoot" : "";
    if (!this.learned.has("bank") && hud.hold >= hud.holdMax * 0.5) return "bank";
    if (!this.learned.has("collect")) return "collect";
    if (!this.learned.has("bank") && hud.hold > 0) return "bank";
    const affordable = hud.costs.some((cost) => cost > 0 && cost <= hud.score);
    if (!this.learned.has("upgrade") && affordable && this.learned.has("bank")) return "upgrade";
    return "";
  }
}

function hasRock(frame: Frame): boolean {
  for (let index = 0; index < frame.entityCount; index += 1)
    if (frame.u[frame.entity(index) + Entity.kind] === Kind.asteroid) return true;
  return false;
}
