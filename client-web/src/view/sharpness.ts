//! Chooses the resolution: what the player wants, or lower where the machine cannot keep up.

const MOST = 2;
const LEAST = 0.75;
/** A step down multiplies the resolution by this. */
const STEP = 0.8;
/** Frames per judgement, and the median frame time above which they are slow. */
const FRAMES = 45;
const SLOW_MS = 25;
/** With a frame cap, frames are slow from this factor of its time on. */
const SLOW_FACTOR = 1.5;
/**
 * All steps down together must reduce the median to this share: else it is not the pixels that take the time. A single step may
 * change nothing, because frames wait for the display.
 */
const WORTHWHILE = 0.9;
/** After this many judgements without a slow one, about a minute, one step up is tried; only once, or it would oscillate. */
const CALM_JUDGEMENTS = 80;
/** A gap this long is a hidden tab, not a slow machine. */
const GAP_MS = 400;

export class Sharpness {
  /** The display's device pixels per CSS pixel; it changes with the monitor and the zoom. */
  private ratio = displayRatio();
  private finest = Math.min(MOST, this.ratio);
  /** Device pixels per CSS pixel that are drawn. */
  resolution = this.finest;
  private readonly times = new Float64Array(FRAMES);
  private count = 0;
  private last = Number.NaN;
  /** Resolution and median before the first step down. */
  private before: { resolution: number; median: number } | undefined;
  private calm = 0;
  private raised = false;
  /** Fewer pixels did not help: the browser throttles frames, or something else is slow. */
  private settled = false;
  /** The share of the finest resolution that the player wants; undefined leaves it to the judgement. */
  private wanted: number | undefined;
  private slowMs = SLOW_MS;

  /** Sets what the player wants. `frameCap` in frames per second, 0 for none. */
  want(quality: "auto" | number, frameCap: number): void {
    this.wanted = quality === "auto" ? undefined : quality;
    this.slowMs = frameCap === 0 ? SLOW_MS : Math.max(SLOW_MS, (1000 / frameCap) * SLOW_FACTOR);
    this.restart();
  }

  /** Records the time of a frame. Returns whether the resolution has changed. */
  measure(nowMs: number): boolean {
    const step = nowMs - this.last;
    this.last = nowMs;
    if (this.ratio !== displayRatio()) {
      this.restart();
      return true;
    }
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

  /** Starts to judge another display. */
  private restart(): void {
    this.ratio = displayRatio();
    this.finest = Math.min(MOST, this.ratio);
    this.resolution = this.finest * (this.wanted ?? 1);
    this.count = 0;
    this.calm = 0;
    this.before = undefined;
    this.raised = false;
    this.settled = this.wanted !== undefined;
  }

  private judge(median: number): void {
    const slow = median > this.slowMs;
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

function displayRatio(): number {
  return globalThis.devicePixelRatio || 1;
}
