//! The game's sound. It is synthesized: nothing is downloaded. Sounds are panned by direction and fade with distance. The
//! audio context starts with the first gesture, as browsers require.

import { effect } from "@preact/signals";
import { attempt } from "../browser/capability.ts";
import type { Frame } from "../core/frame.ts";
import { settings } from "../page/settings.ts";
import type { Camera } from "../view/camera.ts";
import { EffectKind, EffectWord, ItemWord, ShipFlags } from "../wasm/schema.ts";
import { Engine } from "./engine.ts";
import { type Panning, Synth } from "./synth.ts";

/** World units at which a sound has half its loudness. */
const HALF_DISTANCE = 16;
/** Sounds that one frame starts at most: a crowd must not become noise. */
const VOICES_PER_FRAME = 6;

export class Sound {
  private synth: Synth | undefined;
  private engine: Engine | undefined;
  /** The browser has no working audio. */
  private broken = false;

  constructor() {
    const start = () => this.start();
    for (const gesture of ["pointerdown", "keydown", "touchend"]) addEventListener(gesture, start);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.hush();
      else this.use((synth) => synth.resume());
    });
    effect(() => {
      const { muted, volume } = settings.value;
      this.use((synth) => synth.setVolume(muted ? 0 : volume));
    });
  }

  /** Plays the sounds of the frame's effects and of the own engine. */
  play(frame: Frame, camera: Camera, alive: boolean): void {
    this.use((synth) => this.playFrame(synth, frame, camera, alive));
  }

  private playFrame(synth: Synth, frame: Frame, camera: Camera, alive: boolean): void {
    const { own } = frame;
    const flags = own >= 0 && alive ? frame.u[own + ItemWord.Flags] : 0;
    this.engine?.set(flags & ShipFlags.BOOST ? 2 : flags & ShipFlags.THRUST ? 1 : 0);
    let voices = 0;
    for (let index = 0; index < frame.effectCount && voices < VOICES_PER_FRAME; index += 1) {
      const at = frame.effect(index);
      const panning = panningOf(frame.f[at + EffectWord.X], frame.f[at + EffectWord.Y], camera);
      if (panning.gain < 0.04) continue;
      voices += 1;
      playEffect(synth, frame, at, panning);
    }
  }

  /** The click of a button. */
  click(): void {
    this.use((synth) => synth.click());
  }

  /** Stops continuous sounds. */
  hush(): void {
    this.use(() => this.engine?.set(0));
  }

  /** The game stays silent after a failure. */
  private use(sound: (synth: Synth) => void): void {
    const { synth } = this;
    if (!synth || this.broken) return;
    const played = () => {
      sound(synth);
      return true;
    };
    this.broken = !attempt("audio", played, false);
  }

  private start(): void {
    if (!this.synth && !this.broken) this.broken = !attempt("audio", () => this.open(), false);
    this.use((synth) => synth.resume());
  }

  private open(): boolean {
    const synth = new Synth(new AudioContext());
    this.engine = new Engine(synth);
    synth.setVolume(settings.value.muted ? 0 : settings.value.volume);
    this.synth = synth;
    return true;
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

function playEffect(synth: Synth, frame: Frame, at: number, panning: Panning): void {
  const own = frame.u[at + EffectWord.Own] === 1;
  const value = frame.f[at + EffectWord.Value];
  switch (frame.u[at + EffectWord.Kind]) {
    case EffectKind.Hit:
      synth.hit(panning, own);
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
