//! The tutorial: what a pilot does, one thing after another. A step is done when the player has done it.

import type { Frame } from "../core/frame.ts";
import { DrawKind, EffectKind, EffectWord, ItemWord, ShipFlags } from "../wasm/schema.ts";

/** In the order in which they are taught. */
export const STEPS = ["fly", "boost", "break", "load", "bank", "upgrade", "raid"] as const;
export type Step = (typeof STEPS)[number];

/** Seconds of thrust, and of boost, that count as flying. */
const FLIGHT_SECONDS = 2;
const BOOST_SECONDS = 0.7;
/** A gap between two frames counts for no more than this. */
const GAP_LIMIT_SECONDS = 0.1;

export class Tutorial {
  private index = 0;
  private held = 0;
  private lastMs = Number.NaN;

  /** The step to do now; undefined after the last one. */
  get step(): Step | undefined {
    return STEPS[this.index];
  }

  /** How many steps are done. */
  get done(): number {
    return this.index;
  }

  /** Goes on to the next step. */
  skip(): void {
    this.index += 1;
    this.held = 0;
  }

  /** Looks at what the player just did. Returns whether a step was done. */
  watch(frame: Frame, nowMs: number): boolean {
    const elapsed = Math.min(GAP_LIMIT_SECONDS, Math.max(0, (nowMs - this.lastMs) / 1000)) || 0;
    this.lastMs = nowMs;
    if (!this.isDone(frame, elapsed)) return false;
    this.skip();
    return true;
  }

  private isDone(frame: Frame, elapsed: number): boolean {
    switch (this.step) {
      case "fly":
        return this.holds(frame, ShipFlags.THRUST, elapsed) >= FLIGHT_SECONDS;
      case "boost":
        return this.holds(frame, ShipFlags.BOOST, elapsed) >= BOOST_SECONDS;
      case "break":
        return hasHit(frame, (id) => kindOf(frame, id) !== DrawKind.Ship);
      case "load":
        return happened(frame, EffectKind.Loaded);
      case "bank":
        return happened(frame, EffectKind.Banked);
      case "upgrade":
        return happened(frame, EffectKind.Upgraded);
      case "raid":
        return hasHit(frame, (id) => kindOf(frame, id) === DrawKind.Ship);
      default:
        return false;
    }
  }

  private holds(frame: Frame, flag: number, elapsed: number): number {
    if (frame.own >= 0 && frame.u[frame.own + ItemWord.Flags] & flag) this.held += elapsed;
    return this.held;
  }
}

/** Whether the own ship had a part in an effect of this kind. */
function happened(frame: Frame, kind: number): boolean {
  return effects(frame).some(
    (at) => frame.u[at + EffectWord.Own] === 1 && frame.u[at + EffectWord.Kind] === kind,
  );
}

/** Whether a bolt of the own ship has hit something else. */
function hasHit(frame: Frame, counts: (id: number) => boolean): boolean {
  const own = frame.own >= 0 ? frame.u[frame.own + ItemWord.Id] : 0;
  return effects(frame).some((at) => {
    const [kind, subject] = [frame.u[at + EffectWord.Kind], frame.u[at + EffectWord.Subject]];
    const isMine = frame.u[at + EffectWord.Own] === 1 && subject !== own;
    return kind === EffectKind.Hit && isMine && counts(subject);
  });
}

function effects(frame: Frame): number[] {
  return Array.from({ length: frame.effectCount }, (_, index) => frame.effect(index));
}

function kindOf(frame: Frame, id: number): number | undefined {
  for (let index = 0; index < frame.itemCount; index += 1) {
    const at = frame.item(index);
    if (frame.u[at + ItemWord.Id] === id) return frame.u[at + ItemWord.Kind];
  }
  return undefined;
}
