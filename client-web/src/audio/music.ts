//! Music that follows the danger: a slow chord; a pulse joins it, then a restless figure. It is synthesized, and loaded only when
//! it is wanted.

import type { Synth } from "./synth.ts";

/** Notes are scheduled this far ahead, and looked for this often. */
const AHEAD_SECONDS = 0.5;
const LOOK_MS = 200;
/** Seconds of a step, a quarter of a beat, at rest and in the greatest danger. */
const SLOW_STEP = 0.21;
const FAST_STEP = 0.15;
const STEPS_PER_CHORD = 32;
/** Semitones above the key note. */
const CHORDS = [
  [0, 7, 15, 22],
  [-4, 8, 15, 19],
  [-7, 5, 12, 20],
  [-2, 5, 14, 22],
] as const;
const KEY_HERTZ = 110;
/** How fast the mood follows the danger, per step. */
const CALMING = 0.03;
const ALARMING = 0.2;
const PULSE_FROM = 0.25;
const FIGURE_FROM = 0.55;

export class Music {
  /** 0 calm, 1 the greatest danger. */
  danger = 0;
  private mood = 0;
  private step = 0;
  private at: number;
  private readonly timer: ReturnType<typeof setInterval>;

  constructor(private readonly synth: Synth) {
    this.at = synth.context.currentTime;
    this.timer = setInterval(() => this.schedule(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private schedule(): void {
    const { context } = this.synth;
    if (context.state !== "running") return;
    const now = context.currentTime;
    // After a pause the music goes on from here; what was missed is not played at once.
    if (this.at < now) this.at = now;
    while (this.at < now + AHEAD_SECONDS) {
      const toward = this.danger > this.mood ? ALARMING : CALMING;
      this.mood += (this.danger - this.mood) * toward;
      this.playStep(this.step, this.at);
      this.step += 1;
      this.at += SLOW_STEP + (FAST_STEP - SLOW_STEP) * this.mood;
    }
  }

  private playStep(step: number, at: number): void {
    const { synth, mood } = this;
    const chord = CHORDS[Math.floor(step / STEPS_PER_CHORD) % CHORDS.length];
    const place = step % STEPS_PER_CHORD;
    if (place === 0)
      for (const note of chord)
        synth.note("triangle", hertz(note), at, SLOW_STEP * STEPS_PER_CHORD, 0.05, 1.5);
    if (place % 8 === 3) synth.note("sine", hertz(chord[1 + (step % 3)] + 12), at, 1.4, 0.035, 0.02);
    if (mood > PULSE_FROM && place % 4 === 0)
      synth.note("sine", hertz(chord[0] - 12), at, 0.32, 0.22 * Math.min(1, mood * 1.4), 0.01);
    if (mood > FIGURE_FROM) {
      const note = chord[[0, 2, 1, 3][step % 4]] + (place % 8 < 4 ? 12 : 24);
      synth.note("square", hertz(note), at, 0.12, 0.022 * mood, 0.005);
    }
  }
}

function hertz(semitones: number): number {
  return KEY_HERTZ * 2 ** (semitones / 12);
}
