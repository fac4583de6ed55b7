//! Draws ships with their flames, trails, bars and names, and remembers per ship what the frame does not
//! say: where its engine was, how it rolls into a turn, when it was last hit.

import { Entity, Flag, type Frame, Relation } from "../frame.ts";
import type { Atlas } from "./atlas.ts";
import type { Labels } from "./labels.ts";
import { Colour, relationColour } from "./palette.ts";
import type { Quads } from "./quads.ts";
import type { Ribbons } from "./ribbons.ts";
import { Trail } from "./trails.ts";

/** The hull is drawn this much larger than the circle it collides with. */
const HULL_SCALE = 1.6;
const ROLL_LIMIT = 0.75;
const FLASH_SECONDS = 0.12;
const HIT_SECONDS = 2.5;
const BAR_WIDTH = 1.3;
/** Height of a name in world units, but never less than this many pixels. */
const NAME_UNITS = 0.86;
const NAME_PIXELS = 9;
/** Pixels per world unit below which names would only cover each other. */
const NAMELESS_SCALE = 4.5;

/** What a ship looked like lately. */
class Seen {
  readonly trail = new Trail();
  angle = Number.NaN;
  roll = 0;
  flame = 0;
  flashUntil = 0;
  hitUntil = 0;
  seenAt = 0;
  colour: number = Colour.white;
}

export class Ships {
  private readonly seen = new Map<number, Seen>();

  constructor(
    private readonly atlas: Atlas,
    private readonly labels: Labels,
  ) {}

  colourOf(id: number): number {
    return this.seen.get(id)?.colour ?? Colour.white;
  }

  /** A ship was hit: its health shows for a while. */
  hit(id: number, seconds: number): void {
    const ship = this.seen.get(id);
    if (ship) ship.hitUntil = seconds + HIT_SECONDS;
  }

  flash(id: number, seconds: number): void {
    const ship = this.seen.get(id);
    if (ship) ship.flashUntil = seconds + FLASH_SECONDS;
  }

  /** Ends all flashes and hides the health that hits have shown. */
  endFlashes(): void {
    for (const ship of this.seen.values()) {
      ship.flashUntil = 0;
      ship.hitUntil = 0;
    }
  }

  /** Forgets ships that have not been drawn for a while. */
  forget(seconds: number): void {
    for (const [id, ship] of this.seen) {
      if (Math.abs(seconds - ship.seenAt) > 2) this.seen.delete(id);
    }
  }

  clear(): void {
    this.seen.clear();
  }

  /** The trail and the flame: light below the hull. */
  drawWake(frame: Frame, at: number, ribbons: Ribbons, quads: Quads, seconds: number, elapsed: number): void {
    const { u, f } = frame;
    const ship = this.lookUp(u[at + Entity.id]);
    const flags = u[at + Entity.flags];
    const x = f[at + Entity.x];
    const y = f[at + Entity.y];
    const angle = f[at + Entity.angle];
    const radius = f[at + Entity.radius];
    const drone = (flags & Flag.drone) !== 0;
    const colour = relationColour[u[at + Entity.relation]] ?? Colour.white;
    ship.colour = colour;
    ship.seenAt = seconds;
    const power = flags & Flag.boost ? 2 : flags & Flag.thrust ? 1 : 0;
    ship.flame += (power - ship.flame) * (1 - Math.exp(-elapsed * 14));
    const dx = Math.cos(angle);
    const dy = Math.sin(angle);
    const back = radius * HULL_SCALE * (drone ? 0.5 : 0.72);
    const engineX = x - dx * back;
    const engineY = y - dy * back;
    ship.trail.extend(engineX, engineY, power, seconds);
    ship.trail.draw(ribbons, engineX, engineY, radius * (0.34 + ship.flame * 0.1), colour, 0.62, seconds);
    if (ship.flame < 0.04) return;
    const flicker = 0.85 + 0.15 * Math.sin(seconds * 61 + u[at + Entity.id]);
    const length = radius * (0.5 + ship.flame * 0.75) * flicker;
    const flameX = engineX - dx * length * 0.72;
    const flameY = engineY - dy * length * 0.72;
    const bright = Math.min(1, ship.flame);
    quads.light(this.atlas.streak, flameX, flameY, length, radius * 0.42, angle, colour, bright);
    quads.light(this.atlas.streak, flameX, flameY, length * 0.6, radius * 0.22, angle, Colour.white, bright);
    quads.light(
      this.atlas.glow,
      engineX,
      engineY,
      radius * 1.1,
      radius * 1.1,
      0,
      colour,
      0.5 * bright * flicker,
    );
  }

  /** The hull and what lies around it. */
  drawHull(frame: Frame, at: number, quads: Quads, seconds: number, elapsed: number): void {
    const { u, f } = frame;
    const ship = this.lookUp(u[at + Entity.id]);
    const flags = u[at + Entity.flags];
    const relation = u[at + Entity.relation];
    const x = f[at + Entity.x];
    const y = f[at + Entity.y];
    const angle = f[at + Entity.angle];
    const radius = f[at + Entity.radius];
    const colour = ship.colour;
    const alpha = flags & Flag.away ? 0.4 : 1;
    const turn = Number.isNaN(ship.angle) ? 0 : wrapAngle(angle - ship.angle) / Math.max(elapsed, 0.004);
    ship.angle = angle;
    const roll = Math.max(-ROLL_LIMIT, Math.min(ROLL_LIMIT, turn * 0.14));
    ship.roll += (roll - ship.roll) * (1 - Math.exp(-elapsed * 9));
    const length = radius * HULL_SCALE * (1 + 0.03 * u[at + Entity.variant]);
    const width = length * Math.cos(ship.roll);
    if (relation === Relation.self) this.markSelf(quads, x, y, angle, radius, seconds);
    const hulls = flags & Flag.drone ? this.atlas.drones : this.atlas.hulls;
    const patch = hulls[relation] ?? hulls[Relation.neutral];
    quads.paint(patch, x, y, length, width, angle, Colour.white, alpha);
    if (ship.flashUntil > seconds) {
      const strength = (ship.flashUntil - seconds) / FLASH_SECONDS;
      quads.light(patch, x, y, length, width, angle, Colour.white, strength);
      quads.light(patch, x, y, length, width, angle, Colour.white, strength);
    }
    if (f[at + Entity.hold] > 0.02) {
      const load = f[at + Entity.hold];
      quads.light(
        this.atlas.glow,
        x,
        y,
        radius * (0.5 + load * 0.7),
        radius * (0.5 + load * 0.7),
        0,
        Colour.ore,
        0.35 + load * 0.3,
      );
    }
    if (flags & Flag.protected) {
      const pulse = 0.45 + 0.2 * Math.sin(seconds * 7);
      quads.light(this.atlas.ring, x, y, radius * 2.2, radius * 2.2, 0, Colour.shield, pulse);
      quads.light(this.atlas.glow, x, y, radius * 2.4, radius * 2.4, 0, Colour.shield, pulse * 0.3);
    }
    quads.light(this.atlas.glow, x, y, radius * 2.6, radius * 2.6, 0, colour, 0.1 * alpha);
  }

  /** Name and health over a ship that is not the viewer's. */
  drawPlate(
    frame: Frame,
    at: number,
    quads: Quads,
    names: Quads,
    name: string,
    scale: number,
    seconds: number,
  ): void {
    const { u, f } = frame;
    const relation = u[at + Entity.relation];
    const radius = f[at + Entity.radius];
    const x = f[at + Entity.x];
    const top = f[at + Entity.y] - radius * HULL_SCALE - 0.75;
    const alpha = u[at + Entity.flags] & Flag.away ? 0.4 : u[at + Entity.flags] & Flag.drone ? 0.8 : 1;
    if (relation !== Relation.self && name !== "" && scale >= NAMELESS_SCALE) {
      const height = Math.max(NAME_UNITS, NAME_PIXELS / scale);
      this.labels.draw(names, u[at + Entity.player], name, relation, x, top - height * 0.68, height, alpha);
    }
    const health = f[at + Entity.health];
    const hitUntil = this.seen.get(u[at + Entity.id])?.hitUntil ?? 0;
    if (relation === Relation.self || (health > 0.995 && hitUntil < seconds)) return;
    const colour = health < 0.3 ? Colour.danger : (relationColour[relation] ?? Colour.white);
    quads.paint(this.atlas.solid, x, top, BAR_WIDTH + 0.08, 0.17, 0, 0x050818, 0.7);
    quads.paint(
      this.atlas.solid,
      x - BAR_WIDTH * (1 - health),
      top,
      BAR_WIDTH * health,
      0.1,
      0,
      colour,
      0.95,
    );
  }

  private markSelf(quads: Quads, x: number, y: number, angle: number, radius: number, seconds: number): void {
    quads.light(this.atlas.dashes, x, y, radius * 2.5, radius * 2.5, seconds * 0.25, Colour.self, 0.16);
    const reach = radius * 3.4;
    const px = x + Math.cos(angle) * reach;
    const py = y + Math.sin(angle) * reach;
    quads.light(this.atlas.streak, px, py, radius * 0.5, radius * 0.16, angle, Colour.self, 0.7);
  }

  private lookUp(id: number): Seen {
    let ship = this.seen.get(id);
    if (!ship) {
      ship = new Seen();
      this.seen.set(id, ship);
    }
    return ship;
  }
}

/** The same angle in −π..π. */
export function wrapAngle(angle: number): number {
  return angle - Math.PI * 2 * Math.round(angle / (Math.PI * 2));
}
