//! Chooses how many real pixels stand behind a CSS pixel, and takes fewer where the machine cannot keep up.

const MOST = 2;
const LEAST = 0.75;
/** What a step down leaves of the resolution. */
const STEP = 0.8;
/** Frames per judgement, and how slow their median may be. */
const FRAMES = 45;
const SLOW_MS = 25;
/**
 * All steps down together must bring the median to this part of what it was: else it is not the pixels that take the time. A
 * single step may show nothing, since frames wait for the display.
 */
const WORTHWHILE = 0.9;
/** After so many judgements without a slow one, about a minute, one step up is tried: once, or it would swing. */
const CALM_JUDGEMENTS = 80;
/** A gap this long is a hidden tab, not a slow machine. */
const GAP_MS = 400;

export class Sharpness {
  /** Device pixels per CSS pixel. */
  resolution = Math.min(MOST, globalThis.devicePixelRatio || 1);
  private readonly finest = this.resolution;
  private readonly times = new Float64Array(FRAMES);
  private count = 0;
  private last = Number.NaN;
  /** What the steps down have to prove themselves against. */
  private before: { resolution: number; median: number } | undefined;
  private calm = 0;
  private raised = false;
  /** Fewer pixels did not help: the browser holds its frames back, or something else is slow. */
  private settled = false;

  /** Takes the time of a frame; says whether the resolution has changed. */
  measure(nowMs: number): boolean {
    const step = nowMs - this.last;
    this.last = nowMs;
    if (this.settled || !(step > 0 && step <= GAP_MS)) return false;
    this.times[this.count] = step;
    this.count += 1;
    if (this.count < FRAMES) return false;
    this.count = 0;
    this.times.sort();
    const { resolution } = this;
    this.judge(this.times[FRAMES >> 1]);
    return this.resolution !== resolution;
  }

  private judge(median: number): void {
    const slow = median > SLOW_MS;
    this.calm = slow ? 0 : this.calm + 1;
    if (!slow) this.before = undefined;
    if (slow && this.resolution > LEAST) {
      this.before ??= { resolution: this.resolution, median };
      this.resolution = Math.max(LEAST, this.resolution * STEP);
    } else if (this.before) {
      if (median > this.before.median * WORTHWHILE) {
        this.resolution = this.before.resolution;
        this.settled = true;
      }
      this.before = undefined;
    } else if (this.calm >= CALM_JUDGEMENTS && !this.raised && this.resolution < this.finest) {
      this.resolution = Math.min(this.finest, this.resolution / STEP);
      this.raised = true;
    }
  }
}
