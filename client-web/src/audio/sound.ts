//! The game's sound. It is synthesized: nothing is downloaded. Sounds are panned by direction and fade with distance. The
//! audio context starts with the first gesture, as browsers require.

import { effect } from "@preact/signals";
import { attempt } from "../browser/capability.ts";
import type { Frame } from "../core/frame.ts";
import { settings } from "../page/settings.ts";
import type { Camera } from "../view/camera.ts";
import { cuesOf, enginePower, playCue } from "./cues.ts";
import { Engine } from "./engine.ts";
import { Synth } from "./synth.ts";

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
