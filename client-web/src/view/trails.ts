//! Engine trails: the recent positions of each engine, drawn as a ribbon that stretches with boost.

import { type BandEnd, lightOf, type Ribbons } from "./ribbons.ts";

const POINTS = 44;
const SAMPLE_SECONDS = 1 / 50;
/** Seconds that a part of the trail glows, with thrust and with boost. */
const THRUST_LIFE = 0.34;
const BOOST_LIFE = 0.72;
/** A ship that moves further than this between two samples has jumped. */
const JUMP_UNITS = 8;

/** One ship's trail. */
export class Trail {
  private readonly x = new Float32Array(POINTS);
  private readonly y = new Float32Array(POINTS);
  private readonly born = new Float64Array(POINTS);
  private readonly life = new Float32Array(POINTS);
  private head = 0;
  private length = 0;

  /** Adds the engine's position. `power` 0 is off, 1 thrust, 2 boost. */
  extend(x: number, y: number, power: number, seconds: number): void {
    const newest = (this.head + POINTS - 1) % POINTS;
    if (this.length > 0) {
      const away = Math.hypot(x - this.x[newest], y - this.y[newest]);
      if (away > JUMP_UNITS || seconds < this.born[newest]) this.length = 0;
      else if (seconds - this.born[newest] < SAMPLE_SECONDS) return;
    }
    this.x[this.head] = x;
    this.y[this.head] = y;
    this.born[this.head] = seconds;
    this.life[this.head] = power === 0 ? 0 : power === 1 ? THRUST_LIFE : BOOST_LIFE;
    this.head = (this.head + 1) % POINTS;
    this.length = Math.min(POINTS, this.length + 1);
  }

  /** Draws from the engine's position back to where the glow ends. */
  draw(
    ribbons: Ribbons,
    x: number,
    y: number,
    width: number,
    colour: number,
    alpha: number,
    seconds: number,
  ): void {
    if (this.length < 2) return;
    const newest = (this.head + POINTS - 1) % POINTS;
    let before = from;
    let after = to;
    this.place(
      before,
      x,
      y,
      x - this.x[newest],
      y - this.y[newest],
      width,
      colour,
      this.life[newest] > 0 ? alpha : 0,
    );
    for (let back = 0; back < this.length; back += 1) {
      const i = (newest - back + POINTS) % POINTS;
      const older = (i + POINTS - 1) % POINTS;
      const hasOlder = back + 1 < this.length;
      const left = this.life[i] === 0 ? 0 : 1 - (seconds - this.born[i]) / this.life[i];
      const dx = hasOlder ? this.x[i] - this.x[older] : before.x - this.x[i];
      const dy = hasOlder ? this.y[i] - this.y[older] : before.y - this.y[i];
      const glow = Math.max(0, left);
      this.place(
        after,
        this.x[i],
        this.y[i],
        dx,
        dy,
        width * (0.25 + 0.75 * glow),
        colour,
        alpha * glow * glow,
      );
      if (before.colour !== 0 || after.colour !== 0) ribbons.band(before, after);
      else if (seconds - this.born[i] > BOOST_LIFE) break;
      const swap = before;
      before = after;
      after = swap;
    }
  }

  private place(
    end: BandEnd,
    x: number,
    y: number,
    dx: number,
    dy: number,
    width: number,
    colour: number,
    alpha: number,
  ): void {
    const length = Math.hypot(dx, dy) || 1;
    end.x = x;
    end.y = y;
    end.acrossX = (-dy / length) * width;
    end.acrossY = (dx / length) * width;
    end.colour = lightOf(colour, alpha);
  }
}

const from: BandEnd = { x: 0, y: 0, acrossX: 0, acrossY: 0, colour: 0 };
const to: BandEnd = { x: 0, y: 0, acrossX: 0, acrossY: 0, colour: 0 };
