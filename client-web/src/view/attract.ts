//! The picture behind the join screen: a made-up frame of drifting asteroids and a few passing ships. No game runs.

import { Frame } from "../core/frame.ts";
import {
  DRONE_FLAG,
  DrawKind,
  HeaderWord,
  ITEM_WORDS,
  ItemWord,
  Relation,
  ShipFlags,
} from "../wasm/schema.ts";
import { Random } from "./random.ts";

const ASTEROIDS = 46;
const SHIPS = 4;
const SPREAD_X = 120;
const SPREAD_Y = 76;
/** The camera's speed, in world units per second. */
const DRIFT = 1.6;

export class Attract {
  readonly frame = Frame.blank(ASTEROIDS + SHIPS + 1);
  private readonly rocks: { x: number; y: number; vx: number; vy: number; radius: number }[];

  constructor() {
    const random = new Random(41);
    this.rocks = Array.from({ length: ASTEROIDS }, () => ({
      x: random.next() * SPREAD_X,
      y: random.next() * SPREAD_Y,
      vx: random.between(-0.7, 0.7),
      vy: random.between(-0.5, 0.5),
      radius: random.next() < 0.22 ? random.between(3, 4.4) : random.between(0.8, 2.4),
    }));
  }

  /** Writes the frame of a time of the page's clock. */
  update(nowMs: number): void {
    const seconds = nowMs / 1000;
    const { f, u } = this.frame;
    const cameraX = seconds * DRIFT;
    f[HeaderWord.CameraX] = cameraX;
    f[HeaderWord.CameraY] = 0;
    f[HeaderWord.ViewWidth] = 100;
    f[HeaderWord.ViewHeight] = 60;
    f[HeaderWord.Seconds] = seconds;
    let at = this.frame.item(0);
    for (const [index, rock] of this.rocks.entries()) {
      u[at + ItemWord.Id] = index + 1;
      u[at + ItemWord.Kind] = DrawKind.Asteroid;
      f[at + ItemWord.X] = around(rock.x + rock.vx * seconds, cameraX, SPREAD_X);
      f[at + ItemWord.Y] = around(rock.y + rock.vy * seconds, 0, SPREAD_Y);
      f[at + ItemWord.Radius] = rock.radius;
      at += ITEM_WORDS;
    }
    u[at + ItemWord.Id] = 900;
    u[at + ItemWord.Kind] = DrawKind.Station;
    f[at + ItemWord.X] = cameraX + 30;
    f[at + ItemWord.Y] = -6;
    f[at + ItemWord.Radius] = 9;
    at += ITEM_WORDS;
    for (let ship = 0; ship < SHIPS; ship += 1) {
      this.placeShip(at, ship, seconds, cameraX);
      at += ITEM_WORDS;
    }
  }

  private placeShip(at: number, ship: number, seconds: number, cameraX: number): void {
    const { f, u } = this.frame;
    const course = (t: number) => ({
      x: Math.sin(t * 0.31 + ship * 1.9) * (22 + ship * 5) + 6,
      y: Math.sin(t * 0.47 + ship * 2.7) * (11 + ship * 3),
    });
    const now = course(seconds);
    const soon = course(seconds + 0.05);
    const speed = Math.hypot(soon.x - now.x, soon.y - now.y) / 0.05;
    u[at + ItemWord.Id] = 1000 + ship;
    u[at + ItemWord.Kind] = DrawKind.Ship;
    f[at + ItemWord.X] = cameraX + now.x;
    f[at + ItemWord.Y] = now.y;
    f[at + ItemWord.Heading] = Math.atan2(soon.y - now.y, soon.x - now.x);
    f[at + ItemWord.Health] = 1;
    u[at + ItemWord.Flags] =
      (speed > 8 ? ShipFlags.BOOST : 0) | ShipFlags.THRUST | (ship === 3 ? DRONE_FLAG : 0);
    f[at + ItemWord.Radius] = 1.2;
    u[at + ItemWord.Relation] = [Relation.Mate, Relation.Foe, Relation.Neutral, Relation.Neutral][ship];
  }
}

/** The same coordinate in a world that repeats, nearest to `middle`. */
function around(value: number, middle: number, size: number): number {
  return value - Math.round((value - middle) / size) * size;
}
