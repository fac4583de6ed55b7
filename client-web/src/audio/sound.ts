//! The sound of the belt, synthesized: nothing is downloaded. Sounds are placed left and right of the
//! viewer and fade with distance. The context starts with the first gesture, as browsers demand.

import { effect } from "@preact/signals";
import { Effect, EffectKind, Entity, Flag, type Frame } from "../frame.ts";
import { settings } from "../settings.ts";
import type { Camera } from "../view/camera.ts";
import { Engine } from "./engine.ts";
import { type Place, Synth } from "./synth.ts";

/** World units at which a sound has half of its loudness. */
const HALF_DISTANCE = 16;
/** Sounds begun by one frame: a crowd must not become noise. */
const VOICES_PER_FRAME = 6;

export class Sound {
  private synth: Synth | undefined;
  private engine: Engine | undefined;

  constructor() {
    const start = () => this.start();
    for (const gesture of ["pointerdown", "keydown", "touchend"]) addEventListener(gesture, start);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.hush();
      else this.synth?.resume();
    });
    effect(() => {
      const { muted, volume } = settings.value;
      this.synth?.setVolume(muted ? 0 : volume);
    });
  }

  /** Plays what the frame's effects sound like, and the own engine. */
  play(frame: Frame, camera: Camera, alive: boolean): void {
    const synth = this.synth;
    if (!synth) return;
    const self = frame.self;
    const flags = self >= 0 && alive ? frame.u[self + Entity.flags] : 0;
    this.engine?.set(flags & Flag.boost ? 2 : flags & Flag.thrust ? 1 : 0);
    let voices = 0;
    for (let index = 0; index < frame.effectCount && voices < VOICES_PER_FRAME; index += 1) {
      const at = frame.effect(index);
      const place = placeOf(frame.f[at + Effect.x], frame.f[at + Effect.y], camera);
      if (place.gain < 0.04) continue;
      voices += 1;
      sound(synth, frame, at, place);
    }
  }

  /** The click of a button. */
  click(): void {
    this.synth?.click();
  }

  /** Silences what lasts. */
  hush(): void {
    this.engine?.set(0);
  }

  private start(): void {
    if (this.synth) {
      this.synth.resume();
      return;
    }
    if (typeof AudioContext === "undefined") return;
    this.synth = new Synth(new AudioContext());
    this.engine = new Engine(this.synth);
    this.synth.setVolume(settings.value.muted ? 0 : settings.value.volume);
  }
}

function placeOf(x: number, y: number, camera: Camera): Place {
  const dx = x - camera.x;
  const away = Math.hypot(dx, y - camera.y);
  return {
    pan: Math.max(-0.85, Math.min(0.85, dx / camera.halfWidth)),
    gain: 1 / (1 + (away / HALF_DISTANCE) ** 2),
  };
}

function sound(synth: Synth, frame: Frame, at: number, place: Place): void {
  const own = frame.u[at + Effect.own] === 1;
  const value = frame.f[at + Effect.value];
  switch (frame.u[at + Effect.kind]) {
    case EffectKind.hit:
      synth.hit(place, own);
      break;
    case EffectKind.death:
      synth.explosion(place, 1);
      break;
    case EffectKind.broken:
      synth.explosion({ ...place, gain: place.gain * 0.55 }, Math.max(0.3, value / 6));
      break;
    case EffectKind.loaded:
      if (own) synth.pickup(place);
      break;
    case EffectKind.banked:
      if (own) synth.bank(place);
      break;
    case EffectKind.shot:
      synth.shot(place, own);
      break;
    case EffectKind.spawn:
      synth.appear(place);
      break;
    case EffectKind.upgrade:
      if (own) synth.upgrade();
      break;
    case EffectKind.bounce:
      synth.thud(place, value);
      break;
  }
}
