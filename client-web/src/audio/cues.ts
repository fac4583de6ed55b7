//! Which sounds a frame starts.

import type { Frame } from "../core/frame.ts";
import type { Camera } from "../view/camera.ts";
import { EffectKind, EffectWord, ItemWord, ShipFlags } from "../wasm/schema.ts";
import type { Panning, Synth } from "./synth.ts";

/** World units at which a sound has half its loudness. */
const HALF_DISTANCE = 16;
/** Sounds that one frame starts at most: a crowd must not become noise. */
const VOICES_PER_FRAME = 6;
/** Fainter sounds are left out. */
const FAINT = 0.04;

/** A sound that starts with a frame. */
export interface Cue {
  /** An `EffectKind`. */
  kind: number;
  own: boolean;
  /** Whether the own ship has hit something. */
  dealt: boolean;
  value: number;
  panning: Panning;
}

/** The sounds of a frame's effects, as heard from the camera. */
export function cuesOf(frame: Frame, camera: Camera): Cue[] {
  const cues: Cue[] = [];
  const ship = frame.own >= 0 ? frame.u[frame.own + ItemWord.Id] : 0;
  for (let index = 0; index < frame.effectCount && cues.length < VOICES_PER_FRAME; index += 1) {
    const at = frame.effect(index);
    const panning = panningOf(frame.f[at + EffectWord.X], frame.f[at + EffectWord.Y], camera);
    if (panning.gain < FAINT) continue;
    cues.push({
      kind: frame.u[at + EffectWord.Kind],
      own: frame.u[at + EffectWord.Own] === 1,
      dealt:
        ship !== 0 && frame.u[at + EffectWord.Other] === ship && frame.u[at + EffectWord.Subject] !== ship,
      value: frame.f[at + EffectWord.Value],
      panning,
    });
  }
  return cues;
}

/** The engine of the own ship: 0 off, 1 thrust, 2 boost. */
export function enginePower(frame: Frame): 0 | 1 | 2 {
  const flags = frame.own >= 0 ? frame.u[frame.own + ItemWord.Flags] : 0;
  return flags & ShipFlags.BOOST ? 2 : flags & ShipFlags.THRUST ? 1 : 0;
}

export function playCue(synth: Synth, { kind, own, dealt, value, panning }: Cue): void {
  switch (kind) {
    case EffectKind.Hit:
      synth.hit(panning, own && !dealt);
      if (dealt) synth.confirm();
      break;
    case EffectKind.Death:
      synth.explosion(panning, 1);
      break;
    case EffectKind.Broken:
      synth.explosion({ ...panning, gain: panning.gain * 0.55 }, Math.max(0.3, value / 6));
      break;
    case EffectKind.Loaded:
      if (own) synth.pickup(panning);
      break;
    case EffectKind.Banked:
      if (own) synth.bank(panning);
      break;
    case EffectKind.Shot:
      synth.shot(panning, own);
      break;
    case EffectKind.Used:
      synth.appear({ ...panning, gain: panning.gain * 0.6 });
      break;
    case EffectKind.Spawned:
      synth.appear(panning);
      break;
    case EffectKind.Upgraded:
      if (own) synth.upgrade();
      break;
    case EffectKind.Bounced:
      synth.thud(panning, value);
      break;
  }
}

function panningOf(x: number, y: number, camera: Camera): Panning {
  const dx = x - camera.x;
  const away = Math.hypot(dx, y - camera.y);
  return {
    pan: Math.max(-0.85, Math.min(0.85, dx / camera.halfWidth)),
    gain: 1 / (1 + (away / HALF_DISTANCE) ** 2),
  };
}
