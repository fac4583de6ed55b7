//! Reads from a frame what the interface shows, a few times per second.

import type { Quote } from "./core.ts";
import { Entity, type Frame, Head, Kind, Relation } from "./frame.ts";
import { type Box, clearOf } from "./panels.ts";
import type { Blip, Chart, Hud, Pointer } from "./ui/model.ts";
import type { Camera } from "./view/camera.ts";

/** Distance of a pointer from the edge of the picture, CSS pixels. */
const EDGE_PIXELS = 64;

export function readHud(frame: Frame): Hud {
  const { u, f } = frame;
  return {
    health: Math.ceil(f[Head.health]),
    healthMax: Math.max(1, Math.round(f[Head.healthMax])),
    energy: Math.round(f[Head.energy]),
    energyMax: Math.max(1, Math.round(f[Head.energyMax])),
    hold: Math.round(f[Head.hold]),
    holdMax: Math.max(1, Math.round(f[Head.holdMax])),
    score: u[Head.score],
    streak: u[Head.streak],
    levels: frame.levels,
    costs: [u[Head.costHull], u[Head.costEngine], u[Head.costGun], u[Head.costHold]],
    docked: frame.dockedStation,
    respawnSeconds: Math.ceil(f[Head.respawn]),
  };
}

export function readChart(frame: Frame, camera: Camera, aim: number): Chart {
  const { u, f } = frame;
  const ships: Blip[] = [];
  for (let index = 0; index < frame.entityCount; index += 1) {
    const at = frame.entity(index);
    if (u[at + Entity.kind] !== Kind.ship || u[at + Entity.relation] === Relation.self) continue;
    ships.push({ x: f[at + Entity.x], y: f[at + Entity.y], relation: u[at + Entity.relation] });
  }
  return {
    halfSize: f[Head.halfSize],
    x: f[Head.cameraX],
    y: f[Head.cameraY],
    aim,
    viewHalfWidth: camera.halfWidth,
    viewHalfHeight: camera.halfHeight,
    ships,
  };
}

/** Arrows toward the stations that are out of the picture, beside the panels of the display. */
export function readPointers(
  frame: Frame,
  quotes: readonly Quote[],
  camera: Camera,
  panels: readonly Box[],
): Pointer[] {
  const pointers: Pointer[] = [];
  const edge = EDGE_PIXELS / camera.scale;
  const middle = { x: camera.screenWidth / 2, y: camera.screenHeight / 2 };
  for (const station of quotes) {
    if (camera.sees(station.x, station.y, -1)) continue;
    const dx = station.x - camera.x;
    const dy = station.y - camera.y;
    const stretch = 1 / Math.hypot(dx / (camera.halfWidth - edge), dy / (camera.halfHeight - edge * 1.8));
    const onEllipse = {
      x: middle.x + dx * camera.scale * stretch,
      y: middle.y + dy * camera.scale * stretch,
    };
    const { x, y } = clearOf(panels, onEllipse, middle);
    pointers.push({
      index: station.index,
      x: Math.round(x),
      y: Math.round(y),
      angle: Math.atan2(dy, dx),
      distance: Math.round(Math.hypot(station.x - frame.f[Head.cameraX], station.y - frame.f[Head.cameraY])),
    });
  }
  return pointers;
}
