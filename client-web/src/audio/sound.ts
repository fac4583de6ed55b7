//! The game's sound. It is synthesized: nothing is downloaded. Sounds are panned by direction and fade with distance. The
//! audio context starts with the first gesture, as browsers require.

import { effect } from "@preact/signals";
import { attempt } from "../browser/capability.ts";
import type { Frame } from "../core/frame.ts";
import { settings } from "../page/settings.ts";
import type { Camera } from "../view/camera.ts";
import { HeaderWord } from "../wasm/schema.ts";
import { cuesOf, enginePower, playCue } from "./cues.ts";
import { Engine } from "./engine.ts";
import type { Music } from "./music.ts";
import { Synth } from "./synth.ts";

/** The music is loaded this long after the first frame, so that it does not delay the game. */
const MUSIC_AFTER_MS = 8000;
/** World units within which another ship is a danger. */
const NEAR_UNITS = 30;

export class Sound {
  private synth: Synth | undefined;
  private engine: Engine | undefined;
  private music: Music | undefined;
  private musicAt = Number.POSITIVE_INFINITY;
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
      settings.value;
      this.use((synth) => this.setVolume(synth));
    });
  }

  /** Plays the sounds of the frame's effects and of the own engine. */
  play(frame: Frame, camera: Camera, alive: boolean): void {
    this.use((synth) => this.playFrame(synth, frame, camera, alive));
    this.playMusic(alive ? dangerOf(frame) : 0);
  }

  private playMusic(danger: number): void {
    const { muted, music } = settings.value;
    const wanted = this.synth !== undefined && !this.broken && !muted && music > 0;
    if (this.music) this.music.danger = danger;
    if (!wanted) {
      this.music?.stop();
      this.music = undefined;
    } else if (!this.music) this.loadMusic();
  }

  private loadMusic(): void {
    const now = performance.now();
    if (this.musicAt === Number.POSITIVE_INFINITY) this.musicAt = now + MUSIC_AFTER_MS;
    if (now < this.musicAt) return;
    // If it cannot be loaded, it is tried again later.
    this.musicAt = now + MUSIC_AFTER_MS;
    import("./music.ts").then(
      ({ Music }) => this.use((synth) => (this.music ??= new Music(synth))),
      (error: unknown) => console.warn("driftbelt:", error),
    );
  }

  private playFrame(synth: Synth, frame: Frame, camera: Camera, alive: boolean): void {
    this.engine?.set(alive ? enginePower(frame) : 0);
    for (const cue of cuesOf(frame, camera)) playCue(synth, cue);
  }

  /** The click of a button. */
  click(): void {
    this.use((synth) => synth.click());
  }

  /** Stops continuous sounds. */
  hush(): void {
    this.use(() => this.engine?.set(0));
    this.music?.stop();
    this.music = undefined;
  }

  private setVolume(synth: Synth): void {
    const { muted, volume, music } = settings.value;
    synth.setVolume(muted ? 0 : volume, muted ? 0 : music);
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
    this.setVolume(synth);
    this.synth = synth;
    return true;
  }
}

/** How much the own ship is in danger, 0..1: foes that are near, and a hull that is nearly gone. */
function dangerOf(frame: Frame): number {
  const { f, own } = frame;
  if (own < 0) return 0;
  let danger = 0.6 * (1 - f[HeaderWord.Health] / Math.max(1, f[HeaderWord.HealthMax]));
  for (const { dx, dy } of frame.rivals()) {
    const away = Math.hypot(dx, dy);
    if (away < NEAR_UNITS) danger += 0.3 * (1 - away / NEAR_UNITS);
  }
  return Math.min(1, danger);
}
