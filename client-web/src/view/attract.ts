//! The belt behind the join screen: a made-up frame of drifting asteroids and a few passing ships. It shows
//! the picture's own layers; no game runs.

import { ENTITY_WORDS, Entity, Flag, Frame, HEADER_WORDS, Head, Kind, NONE, Relation } from "../frame.ts";
import { Random } from "./random.ts";

const ASTEROIDS = 46;
const SHIPS = 4;
const SPREAD_X = 120;
const SPREAD_Y = 76;
/** World units per second that the camera drifts. */
const DRIFT = 1.6;

export class Attract {
  readonly frame = new Frame();
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
    const words = HEADER_WORDS + (ASTEROIDS + SHIPS + 1) * ENTITY_WORDS;
    const memory = new ArrayBuffer(words * 4);
    const head = new Uint32Array(memory);
    head[Head.entities] = ASTEROIDS + SHIPS + 1;
    head[Head.self] = NONE;
    head[Head.docked] = NONE;
    this.frame.attach(memory, 0, words);
  }

  /** Moves everything to a moment of the page's clock. */
  update(nowMs: number): void {
    const seconds = nowMs / 1000;
    const { f, u } = this.frame;
    const cameraX = seconds * DRIFT;
    f[Head.cameraX] = cameraX;
    f[Head.cameraY] = 0;
    f[Head.viewWidth] = 100;
    f[Head.viewHeight] = 60;
    f[Head.seconds] = seconds;
    let at = HEADER_WORDS;
    for (const [index, rock] of this.rocks.entries()) {
      u[at + Entity.id] = index + 1;
      u[at + Entity.kind] = Kind.asteroid;
      f[at + Entity.x] = around(rock.x + rock.vx * seconds, cameraX, SPREAD_X);
      f[at + Entity.y] = around(rock.y + rock.vy * seconds, 0, SPREAD_Y);
      f[at + Entity.radius] = rock.radius;
      at += ENTITY_WORDS;
    }
    u[at + Entity.id] = 900;
    u[at + Entity.kind] = Kind.station;
    f[at + Entity.x] = cameraX + 30;
    f[at + Entity.y] = -6;
    f[at + Entity.radius] = 9;
    at += ENTITY_WORDS;
    for (let ship = 0; ship < SHIPS; ship += 1) {
      this.placeShip(at, ship, seconds, cameraX);
      at += ENTITY_WORDS;
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
    u[at + Entity.id] = 1000 + ship;
    u[at + Entity.kind] = Kind.ship;
    f[at + Entity.x] = cameraX + now.x;
    f[at + Entity.y] = now.y;
    f[at + Entity.angle] = Math.atan2(soon.y - now.y, soon.x - now.x);
    f[at + Entity.health] = 1;
    u[at + Entity.flags] = (speed > 8 ? Flag.boost : 0) | Flag.thrust | (ship === 3 ? Flag.drone : 0);
    f[at + Entity.radius] = 1.2;
    u[at + Entity.relation] = [Relation.mate, Relation.foe, Relation.neutral, Relation.neutral][ship];
  }
}

/** The same place in a world that repeats, nearest to `middle`. */
function around(value: number, middle: number, size: number): number {
  return value - Math.round((value - middle) / size) * size;
}
