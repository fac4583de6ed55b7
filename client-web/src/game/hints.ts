//! Hints for the first minute: each appears when it helps, and never again once the player has done it.

import type { Frame } from "../core/frame.ts";
import type { Hud } from "../ui/model.ts";
import { DrawKind, EffectKind, EffectWord, ItemWord, ShipFlags } from "../wasm/schema.ts";

/** In the order in which they appear. */
const HINTS = ["fly", "shoot", "collect", "bank", "upgrade"] as const;
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

  /** Looks at what the player just did and could do. Returns whether something was learned. */
  watch(frame: Frame): boolean {
    const before = this.learned.size;
    this.rockInSight = !this.learned.has("shoot") && hasRock(frame);
    if (frame.own >= 0) {
      const flags = frame.u[frame.own + ItemWord.Flags];
      if (flags & ShipFlags.THRUST) this.learned.add("fly");
      if (flags & ShipFlags.FIRING) this.learned.add("shoot");
    }
    for (let index = 0; index < frame.effectCount; index += 1) {
      const at = frame.effect(index);
      if (frame.u[at + EffectWord.Own] !== 1) continue;
      const kind = frame.u[at + EffectWord.Kind];
      if (kind === EffectKind.Shot) this.learned.add("shoot");
      if (kind === EffectKind.Loaded) this.learned.add("collect");
      if (kind === EffectKind.Banked) this.learned.add("bank");
      if (kind === EffectKind.Upgraded) this.learned.add("upgrade");
    }
    return this.learned.size > before;
  }

  /** The hint that helps now; "" for none. */
  current(hud: Hud): Hint | "" {
    if (!this.learned.has("fly")) return "fly";
    if (!this.learned.has("shoot")) return this.rockInSight ? "shoot" : "";
    if (!this.learned.has("bank") && hud.hold >= hud.holdMax * 0.5) return "bank";
    if (!this.learned.has("collect")) return "collect";
    if (!this.learned.has("bank") && hud.hold > 0) return "bank";
    const affordable = hud.costs.some((cost) => cost > 0 && cost <= hud.purse);
    if (!this.learned.has("upgrade") && affordable && this.learned.has("bank")) return "upgrade";
    return "";
  }
}

function hasRock(frame: Frame): boolean {
  for (let index = 0; index < frame.itemCount; index += 1)
    if (frame.u[frame.item(index) + ItemWord.Kind] === DrawKind.Asteroid) return true;
  return false;
}
