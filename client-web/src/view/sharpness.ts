//! Chooses how many real pixels stand behind a CSS pixel, and takes fewer where the machine cannot keep up.

const MOST = 2;
const LEAST = 0.75;
/** Frames per judgement, and how slow their median may be. */
const FRAMES = 45;
const SLOW_MS = 25;
/** A gap this long is a hidden tab, not a slow machine. */
const GAP_MS = 400;

export class Sharpness {
  /** Device pixels per CSS pixel. */
  resolution = Math.min(MOST, globalThis.devicePixelRatio || 1);
  private readonly times = new Float64Array(FRAMES);
  private count = 0;
  private last = Number.NaN;

  /** Takes the time of a frame; says whether the resolution has changed. */
  measure(nowMs: number): boolean {
    const step = nowMs - this.last;
    this.last = nowMs;
    if (Number.isNaN(step) || step > GAP_MS) return false;
    this.times[this.count] = step;
    this.count += 1;
    if (this.count < FRAMES) return false;
    this.count = 0;
    this.times.sort();
    if (this.times[FRAMES >> 1] <= SLOW_MS || this.resolution <= LEAST) return false;
    this.resolution = Math.max(LEAST, this.resolution * 0.8);
    return true;
  }
}
