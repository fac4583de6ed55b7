//! Draws ships with their flames, trails, bars and names. Remembers per ship what a frame does not contain: its trail, its roll
//! into a turn, when it was last hit.

import type { Frame } from "../core/frame.ts";
import { DRONE_FLAG, HeaderWord, HULL_BIT, ItemWord, Relation, ShipFlags } from "../wasm/schema.ts";
import type { Atlas } from "./atlas.ts";
import type { Labels } from "./labels.ts";
import { Colour, relationColour } from "./palette.ts";
import type { Quads } from "./quads.ts";
import type { Ribbons } from "./ribbons.ts";
import { Trail } from "./trails.ts";

/** Size of the hull relative to the circle that it collides with. */
const HULL_SCALE = 1.6;
/** A ship is worth a raid from this share of its hold on. */
const PREY_HOLD = 0.5;
/** The steel of what a hull carries. */
const PART = 0x8b95b5;
/** By hull: factors of the picture's length and width, and the part on each side: where it is, and its size. */
const SHAPES = [
  { length: 0.96, width: 1.1, along: -0.15, across: 0.72, partLength: 0.44, partWidth: 0.2 },
  { length: 1, width: 1, along: 0.5, across: 0.46, partLength: 0.5, partWidth: 0.08 },
  { length: 1.14, width: 0.78, along: -0.62, across: 0.62, partLength: 0.4, partWidth: 0.07 },
] as const;
const ROLL_LIMIT = 0.75;
const FLASH_SECONDS = 0.12;
const HIT_SECONDS = 2.5;
const BAR_WIDTH = 1.3;
/** Height of a name in world units, but never less than this many pixels. */
const NAME_UNITS = 0.86;
const NAME_PIXELS = 9;
/** Below this many pixels per world unit, names would cover each other. */
const NAMELESS_SCALE = 4.5;

/** What is remembered of a ship. */
class ShipMemory {
  readonly trail = new Trail();
  heading = Number.NaN;
  roll = 0;
  flame = 0;
  flashUntil = 0;
  hitUntil = 0;
  seenAt = 0;
  colour: number = Colour.white;
}

export class Ships {
  private readonly memories = new Map<number, ShipMemory>();

  constructor(
    private readonly atlas: Atlas,
    private readonly labels: Labels,
  ) {}

  colourOf(id: number): number {
    return this.memories.get(id)?.colour ?? Colour.white;
  }

  /** A ship was hit: its health bar shows for a while. */
  hit(id: number, seconds: number): void {
    const ship = this.memories.get(id);
    if (ship) ship.hitUntil = seconds + HIT_SECONDS;
  }

  flash(id: number, seconds: number): void {
    const ship = this.memories.get(id);
    if (ship) ship.flashUntil = seconds + FLASH_SECONDS;
  }

  /** Ends all flashes, and hides the health bars of hits. */
  endFlashes(): void {
    for (const ship of this.memories.values()) {
      ship.flashUntil = 0;
      ship.hitUntil = 0;
    }
  }

  /** Forgets ships that have not been drawn for a while. */
  forget(seconds: number): void {
    for (const [id, ship] of this.memories) {
      if (Math.abs(seconds - ship.seenAt) > 2) this.memories.delete(id);
    }
  }

  clear(): void {
    this.memories.clear();
  }

  /** The trail and the flame: light below the hull. */
  drawWake(frame: Frame, at: number, ribbons: Ribbons, quads: Quads, seconds: number, elapsed: number): void {
    const { u, f } = frame;
    const ship = this.lookUp(u[at + ItemWord.Id]);
    const flags = u[at + ItemWord.Flags];
    const x = f[at + ItemWord.X];
    const y = f[at + ItemWord.Y];
    const heading = f[at + ItemWord.Heading];
    const radius = f[at + ItemWord.Radius];
    const drone = (flags & DRONE_FLAG) !== 0;
    const colour = relationColour[u[at + ItemWord.Relation]] ?? Colour.white;
    ship.colour = colour;
    ship.seenAt = seconds;
    const power = flags & ShipFlags.BOOST ? 2 : flags & ShipFlags.THRUST ? 1 : 0;
    ship.flame += (power - ship.flame) * (1 - Math.exp(-elapsed * 14));
    const dx = Math.cos(heading);
    const dy = Math.sin(heading);
    const back = radius * HULL_SCALE * (drone ? 0.5 : 0.72);
    const engineX = x - dx * back;
    const engineY = y - dy * back;
    ship.trail.extend(engineX, engineY, power, seconds);
    ship.trail.draw(ribbons, engineX, engineY, radius * (0.34 + ship.flame * 0.1), colour, 0.62, seconds);
    if (ship.flame < 0.04) return;
    const flicker = 0.85 + 0.15 * Math.sin(seconds * 61 + u[at + ItemWord.Id]);
    const length = radius * (0.5 + ship.flame * 0.75) * flicker;
    const flameX = engineX - dx * length * 0.72;
    const flameY = engineY - dy * length * 0.72;
    const bright = Math.min(1, ship.flame);
    quads.light(this.atlas.streak, flameX, flameY, length, radius * 0.42, heading, colour, bright);
    quads.light(
      this.atlas.streak,
      flameX,
      flameY,
      length * 0.6,
      radius * 0.22,
      heading,
      Colour.white,
      bright,
    );
    quads.glow(this.atlas.glow, engineX, engineY, radius * 1.1, colour, 0.5 * bright * flicker);
  }

  /** The hull and the lights around it. */
  drawHull(frame: Frame, at: number, quads: Quads, seconds: number, elapsed: number): void {
    const { u, f } = frame;
    const ship = this.lookUp(u[at + ItemWord.Id]);
    const flags = u[at + ItemWord.Flags];
    const relation = u[at + ItemWord.Relation];
    const x = f[at + ItemWord.X];
    const y = f[at + ItemWord.Y];
    const heading = f[at + ItemWord.Heading];
    const radius = f[at + ItemWord.Radius];
    const colour = ship.colour;
    const alpha = flags & ShipFlags.AWAY ? 0.4 : 1;
    const turn = Number.isNaN(ship.heading)
      ? 0
      : wrapAngle(heading - ship.heading) / Math.max(elapsed, 0.004);
    ship.heading = heading;
    const roll = Math.max(-ROLL_LIMIT, Math.min(ROLL_LIMIT, turn * 0.14));
    ship.roll += (roll - ship.roll) * (1 - Math.exp(-elapsed * 9));
    const variant = u[at + ItemWord.Variant];
    const shape = SHAPES[variant >>> HULL_BIT] ?? SHAPES[0];
    const size = radius * HULL_SCALE * (1 + 0.03 * (variant & ((1 << HULL_BIT) - 1)));
    const length = size * shape.length;
    const width = size * shape.width * Math.cos(ship.roll);
    if (relation === Relation.Own) this.markOwn(quads, x, y, heading, radius, seconds);
    const hulls = flags & DRONE_FLAG ? this.atlas.drones : this.atlas.hulls;
    const region = hulls[relation] ?? hulls[Relation.Neutral];
    const cos = Math.cos(heading);
    const sin = Math.sin(heading);
    for (const side of [-1, 1]) {
      const across = shape.across * width * side;
      const along = shape.along * length;
      const partX = x + cos * along - sin * across;
      const partY = y + sin * along + cos * across;
      const { partLength, partWidth } = shape;
      quads.paint(this.atlas.solid, partX, partY, size * partLength, size * partWidth, heading, PART, alpha);
      quads.paint(
        this.atlas.solid,
        partX + cos * size * partLength * 0.6,
        partY + sin * size * partLength * 0.6,
        size * partLength * 0.25,
        size * partWidth * 0.7,
        heading,
        colour,
        alpha,
      );
    }
    quads.paint(region, x, y, length, width, heading, Colour.white, alpha);
    if (ship.flashUntil > seconds) {
      const strength = (ship.flashUntil - seconds) / FLASH_SECONDS;
      quads.light(region, x, y, length, width, heading, Colour.white, strength);
      quads.light(region, x, y, length, width, heading, Colour.white, strength);
    }
    if (f[at + ItemWord.Hold] > 0.02) {
      const load = f[at + ItemWord.Hold];
      quads.glow(this.atlas.glow, x, y, radius * (0.5 + load * 0.7), Colour.ore, 0.35 + load * 0.3);
    }
    if (f[at + ItemWord.Hold] >= PREY_HOLD) {
      const size = radius * 2.3;
      quads.light(this.atlas.dashes, x, y, size, size, seconds * 0.9, Colour.ore, 0.5);
    }
    if (flags & ShipFlags.HUNTER) {
      const size = radius * 2.7;
      quads.light(this.atlas.dashes, x, y, size, size, -seconds * 1.4, Colour.danger, 0.5);
    }
    if (flags & ShipFlags.ABILITY) this.drawAbility(quads, frame, at, seconds);
    if (flags & ShipFlags.PROTECTED) {
      const pulse = 0.45 + 0.2 * Math.sin(seconds * 7);
      quads.glow(this.atlas.ring, x, y, radius * 2.2, Colour.shield, pulse);
      quads.glow(this.atlas.glow, x, y, radius * 2.4, Colour.shield, pulse * 0.3);
    }
    quads.glow(this.atlas.glow, x, y, radius * 2.6, colour, 0.1 * alpha);
  }

  /** A tractor's reach, or a shield. */
  private drawAbility(quads: Quads, frame: Frame, at: number, seconds: number): void {
    const { u, f } = frame;
    const x = f[at + ItemWord.X];
    const y = f[at + ItemWord.Y];
    const radius = f[at + ItemWord.Radius];
    if (u[at + ItemWord.Variant] >>> HULL_BIT === 0) {
      const reach = f[HeaderWord.TractorRange] + radius;
      const inward = reach * (1 - ((seconds * 1.5) % 1));
      quads.light(this.atlas.dashes, x, y, reach, reach, seconds * 0.8, Colour.ore, 0.45);
      quads.glow(this.atlas.ring, x, y, inward, Colour.ore, 0.3);
    } else {
      const pulse = 0.7 + 0.2 * Math.sin(seconds * 16);
      quads.glow(this.atlas.ring, x, y, radius * 2, Colour.shield, pulse);
      quads.glow(this.atlas.ring, x, y, radius * 2.25, Colour.white, pulse * 0.5);
      quads.glow(this.atlas.glow, x, y, radius * 2.6, Colour.shield, pulse * 0.5);
    }
  }

  /** Name and health bar over another ship. */
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
    const relation = u[at + ItemWord.Relation];
    const radius = f[at + ItemWord.Radius];
    const x = f[at + ItemWord.X];
    const top = f[at + ItemWord.Y] - radius * HULL_SCALE - 0.75;
    const alpha =
      u[at + ItemWord.Flags] & ShipFlags.AWAY ? 0.4 : u[at + ItemWord.Flags] & DRONE_FLAG ? 0.8 : 1;
    if (relation !== Relation.Own && name !== "" && scale >= NAMELESS_SCALE) {
      const height = Math.max(NAME_UNITS, NAME_PIXELS / scale);
      this.labels.draw(names, u[at + ItemWord.Player], name, relation, x, top - height * 0.68, height, alpha);
    }
    const health = f[at + ItemWord.Health];
    const hitUntil = this.memories.get(u[at + ItemWord.Id])?.hitUntil ?? 0;
    if (relation === Relation.Own || (health > 0.995 && hitUntil < seconds)) return;
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

  private markOwn(
    quads: Quads,
    x: number,
    y: number,
    heading: number,
    radius: number,
    seconds: number,
  ): void {
    quads.light(this.atlas.dashes, x, y, radius * 2.5, radius * 2.5, seconds * 0.25, Colour.self, 0.16);
    const reach = radius * 3.4;
    const px = x + Math.cos(heading) * reach;
    const py = y + Math.sin(heading) * reach;
    quads.light(this.atlas.streak, px, py, radius * 0.5, radius * 0.16, heading, Colour.self, 0.7);
  }

  private lookUp(id: number): ShipMemory {
    let ship = this.memories.get(id);
    if (!ship) {
      ship = new ShipMemory();
      this.memories.set(id, ship);
    }
    return ship;
  }
}

/** The same angle in −π..π. */
function wrapAngle(angle: number): number {
  return angle - Math.PI * 2 * Math.round(angle / (Math.PI * 2));
}
