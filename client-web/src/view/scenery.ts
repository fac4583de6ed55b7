//! Draws stations, ore, bolts, and the fence around the world.

import type { Frame } from "../core/frame.ts";
import { DrawKind, HeaderWord, ItemWord, Relation } from "../wasm/schema.ts";
import type { Atlas } from "./atlas.ts";
import type { Camera } from "./camera.ts";
import { Colour, relationColour } from "./palette.ts";
import type { Quads } from "./quads.ts";
import { type BandEnd, lightOf, type Ribbons } from "./ribbons.ts";

const LIGHTS = 12;
/** From dash to dash of a line of fire. */
const DASH_UNITS = 1;
/** Hull to radius, as of ships. */
const GHOST_SCALE = 1.6;

/** A large turning ring with running lights, and a core that turns the other way. */
export function drawStation(frame: Frame, at: number, quads: Quads, atlas: Atlas, seconds: number): void {
  const { u, f } = frame;
  const x = f[at + ItemWord.X];
  const y = f[at + ItemWord.Y];
  const radius = f[at + ItemWord.Radius];
  const index = u[at + ItemWord.Variant];
  const docked = frame.dockedStation === index;
  const turn = seconds * 0.07 + index;
  quads.glow(atlas.glow, x, y, radius * 1.9, docked ? Colour.ore : Colour.self, 0.13);
  const pulse = docked ? 0.6 + 0.25 * Math.sin(seconds * 5) : 0.3;
  quads.light(
    atlas.dashes,
    x,
    y,
    radius * 1.16,
    radius * 1.16,
    -turn * 1.6,
    docked ? Colour.ore : Colour.self,
    pulse,
  );
  quads.paint(atlas.stationRing, x, y, radius * 1.03, radius * 1.03, turn, Colour.white, 0.95);
  quads.paint(atlas.stationCore, x, y, radius * 0.36, radius * 0.36, -turn * 2.2, Colour.white, 1);
  quads.glow(atlas.glow, x, y, radius * 0.34, Colour.self, 0.55 + 0.15 * Math.sin(seconds * 2 + index));
  for (let light = 0; light < LIGHTS; light += 1) {
    const angle = turn + ((light + 0.5) / LIGHTS) * Math.PI * 2;
    const phase = (seconds * 0.8 + light / LIGHTS) % 1;
    const bright = 0.25 + 0.75 * Math.max(0, 1 - phase * 4);
    const reach = radius * 0.965;
    const lx = x + Math.cos(angle) * reach;
    const ly = y + Math.sin(angle) * reach;
    const colour = light % 2 === 0 ? Colour.ore : Colour.self;
    quads.glow(atlas.glow, lx, ly, radius * 0.1, colour, bright);
    quads.glow(atlas.star, lx, ly, radius * 0.025, Colour.white, bright);
  }
}

export function drawOre(frame: Frame, at: number, quads: Quads, atlas: Atlas, seconds: number): void {
  const { u, f } = frame;
  const id = u[at + ItemWord.Id];
  const x = f[at + ItemWord.X];
  const y = f[at + ItemWord.Y];
  const size = Math.max(0.55, f[at + ItemWord.Radius] * 1.3);
  const beat = 0.5 + 0.5 * Math.sin(seconds * 3.1 + id * 1.7);
  quads.glow(atlas.glow, x, y, size * 2.5, Colour.ore, 0.3 + 0.25 * beat);
  quads.paint(atlas.ore, x, y, size, size, id + seconds * (0.5 + (id % 5) * 0.12), Colour.white, 1);
  if (beat > 0.85)
    quads.glow(atlas.flare, x - size * 0.3, y - size * 0.4, size * 1.1, Colour.sun, (beat - 0.85) * 5);
}

/** A mine: spikes of light around a core that blinks. */
export function drawMine(frame: Frame, at: number, quads: Quads, atlas: Atlas, seconds: number): void {
  const { u, f } = frame;
  const x = f[at + ItemWord.X];
  const y = f[at + ItemWord.Y];
  const radius = f[at + ItemWord.Radius];
  const relation = u[at + ItemWord.Relation];
  const colour = relation === Relation.Foe ? Colour.danger : (relationColour[relation] ?? Colour.white);
  const blink = 0.35 + 0.65 * Math.max(0, Math.sin(seconds * 6 + u[at + ItemWord.Id]));
  quads.light(atlas.dashes, x, y, radius, radius, seconds, colour, 0.35);
  quads.glow(atlas.glow, x, y, 1.6, colour, blink);
  quads.paint(atlas.shards[1], x, y, 0.6, 0.6, seconds, 0x8b95b5, 1);
  quads.paint(atlas.shards[2], x, y, 0.6, 0.6, -seconds, 0x5f5878, 1);
  quads.glow(atlas.flare, x, y, 1.1, colour, blink);
}

export function drawBolt(frame: Frame, at: number, quads: Quads, atlas: Atlas): void {
  const { u, f } = frame;
  const x = f[at + ItemWord.X];
  const y = f[at + ItemWord.Y];
  const vx = f[at + ItemWord.VelocityX];
  const vy = f[at + ItemWord.VelocityY];
  const angle = vx === 0 && vy === 0 ? f[at + ItemWord.Heading] : Math.atan2(vy, vx);
  const colour = relationColour[u[at + ItemWord.Relation]] ?? Colour.white;
  const back = 0.7;
  const sx = x - Math.cos(angle) * back;
  const sy = y - Math.sin(angle) * back;
  quads.light(atlas.streak, sx, sy, 1.25, 0.34, angle, colour, 1);
  quads.light(
    atlas.streak,
    sx + Math.cos(angle) * 0.3,
    sy + Math.sin(angle) * 0.3,
    0.8,
    0.15,
    angle,
    Colour.white,
    1,
  );
  quads.glow(atlas.glow, x, y, 0.85, colour, 0.5);
}

/** The line of fire, the ghost of a ship as its shooter saw it, or the point of the hit. */
export function drawEvidence(frame: Frame, at: number, quads: Quads, atlas: Atlas, seconds: number): void {
  const { u, f } = frame;
  const x = f[at + ItemWord.X];
  const y = f[at + ItemWord.Y];
  const heading = f[at + ItemWord.Heading];
  const radius = f[at + ItemWord.Radius];
  switch (u[at + ItemWord.Kind]) {
    case DrawKind.LineOfFire:
      for (let along = DASH_UNITS / 2; along < radius; along += DASH_UNITS) {
        const dashX = x + Math.cos(heading) * along;
        const dashY = y + Math.sin(heading) * along;
        quads.paint(atlas.solid, dashX, dashY, DASH_UNITS * 0.32, 0.07, heading, Colour.danger, 0.85);
      }
      break;
    case DrawKind.Ghost:
      quads.light(
        atlas.hulls[Relation.Own],
        x,
        y,
        radius * GHOST_SCALE,
        radius * GHOST_SCALE,
        heading,
        Colour.white,
        0.4,
      );
      quads.glow(atlas.dashes, x, y, radius * 2.1, Colour.danger, 0.9);
      break;
    case DrawKind.HitPoint:
      quads.glow(atlas.flare, x, y, 1.3 + 0.2 * Math.sin(seconds * 6), Colour.white, 0.9);
      quads.glow(atlas.ring, x, y, 0.8, Colour.danger, 1);
      break;
  }
}

/** The visible part of the energy fence at the border. */
export function drawFence(frame: Frame, camera: Camera, ribbons: Ribbons, seconds: number): void {
  const half = frame.f[HeaderWord.HalfSize];
  if (half <= 0) return;
  const left = Math.max(-half, camera.x - camera.halfWidth - 2);
  const right = Math.min(half, camera.x + camera.halfWidth + 2);
  const top = Math.max(-half, camera.y - camera.halfHeight - 2);
  const bottom = Math.min(half, camera.y + camera.halfHeight + 2);
  const beat = 0.55 + 0.15 * Math.sin(seconds * 2.4);
  for (const side of [-half, half]) {
    if (Math.abs(side - camera.y) < camera.halfHeight + 4 && left < right)
      wall(ribbons, left, side, right, side, beat);
    if (Math.abs(side - camera.x) < camera.halfWidth + 4 && top < bottom)
      wall(ribbons, side, top, side, bottom, beat);
  }
  for (const x of [-half, half])
    for (const y of [-half, half]) if (camera.sees(x, y, 5)) corner(ribbons, x, y, beat);
}

/** Rounds the light where two walls meet: without this, the corner's outside would be a dark square. */
function corner(ribbons: Ribbons, x: number, y: number, beat: number): void {
  for (const [width, colour, alpha] of WALL_LAYERS) {
    const outX = Math.sign(x) * width;
    const outY = Math.sign(y) * width;
    for (const [fromX, fromY, toX, toY] of [
      [outX, 0, outX * 0.7, outY * 0.7],
      [outX * 0.7, outY * 0.7, 0, outY],
    ]) {
      ribbons.fan(x, y, x + fromX, y + fromY, x + toX, y + toY, lightOf(colour, alpha * beat));
    }
  }
}

function wall(ribbons: Ribbons, x0: number, y0: number, x1: number, y1: number, beat: number): void {
  const horizontal = y0 === y1;
  for (const [width, colour, alpha] of WALL_LAYERS) {
    wallFrom.x = x0;
    wallFrom.y = y0;
    wallTo.x = x1;
    wallTo.y = y1;
    for (const end of [wallFrom, wallTo]) {
      end.acrossX = horizontal ? 0 : width;
      end.acrossY = horizontal ? width : 0;
      end.colour = lightOf(colour, alpha * beat);
    }
    ribbons.band(wallFrom, wallTo);
  }
}

const WALL_LAYERS: readonly (readonly [number, number, number])[] = [
  [5, Colour.fence, 0.22],
  [1.3, Colour.fence, 0.6],
  [0.22, Colour.white, 1],
];
const wallFrom: BandEnd = { x: 0, y: 0, acrossX: 0, acrossY: 0, colour: 0 };
const wallTo: BandEnd = { x: 0, y: 0, acrossX: 0, acrossY: 0, colour: 0 };
