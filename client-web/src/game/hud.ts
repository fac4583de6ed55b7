//! Reads the interface's values from a frame, some 15 times per second.

import type { Quote } from "../core/core.ts";
import type { Frame } from "../core/frame.ts";
import type { Blip, Hud, MinimapData, Pointer } from "../ui/model.ts";
import { type Box, boxOf, clearOf } from "../ui/panels.ts";
import type { Camera } from "../view/camera.ts";
import { DrawKind, HeaderWord, ItemWord, Relation } from "../wasm/schema.ts";

/** Distance of a pointer from the edge of the picture, CSS pixels. */
const EDGE_PIXELS = 64;

export function readHud(frame: Frame): Hud {
  const { u, f } = frame;
  return {
    health: Math.ceil(f[HeaderWord.Health]),
    healthMax: Math.max(1, Math.round(f[HeaderWord.HealthMax])),
    energy: Math.round(f[HeaderWord.Energy]),
    energyMax: Math.max(1, Math.round(f[HeaderWord.EnergyMax])),
    hold: Math.round(f[HeaderWord.Hold]),
    holdMax: Math.max(1, Math.round(f[HeaderWord.HoldMax])),
    score: u[HeaderWord.Score],
    purse: u[HeaderWord.Purse],
    streak: u[HeaderWord.Streak],
    hull: u[HeaderWord.Hull],
    abilitySeconds: f[HeaderWord.AbilitySeconds],
    abilityCooldown: Math.max(1, f[HeaderWord.AbilityCooldown]),
    levels: frame.levels,
    costs: [u[HeaderWord.CostHull], u[HeaderWord.CostEngine], u[HeaderWord.CostGun], u[HeaderWord.CostHold]],
    docked: frame.dockedStation,
    roundSeconds: Math.ceil(f[HeaderWord.RoundSeconds]),
    respawnSeconds: Math.ceil(f[HeaderWord.RespawnSeconds]),
  };
}

export function readMinimap(frame: Frame, camera: Camera, aim: number): MinimapData {
  const { u, f } = frame;
  const ships: Blip[] = [];
  for (let index = 0; index < frame.itemCount; index += 1) {
    const at = frame.item(index);
    if (u[at + ItemWord.Kind] !== DrawKind.Ship || u[at + ItemWord.Relation] === Relation.Own) continue;
    ships.push({ x: f[at + ItemWord.X], y: f[at + ItemWord.Y], relation: u[at + ItemWord.Relation] });
  }
  return {
    halfSize: f[HeaderWord.HalfSize],
    x: f[HeaderWord.CameraX],
    y: f[HeaderWord.CameraY],
    aim,
    viewHalfWidth: camera.halfWidth,
    viewHalfHeight: camera.halfHeight,
    ships,
  };
}

/** Arrows toward the stations outside the picture, clear of the HUD's panels and of one another. */
export function readPointers(
  frame: Frame,
  quotes: readonly Quote[],
  camera: Camera,
  panels: readonly Box[],
): Pointer[] {
  const pointers: Pointer[] = [];
  const taken = [...panels];
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
    const { x, y } = clearOf(taken, onEllipse, middle);
    taken.push(boxOf({ x, y }));
    pointers.push({
      index: station.index,
      x: Math.round(x),
      y: Math.round(y),
      angle: Math.atan2(dy, dx),
      distance: Math.round(
        Math.hypot(station.x - frame.f[HeaderWord.CameraX], station.y - frame.f[HeaderWord.CameraY]),
      ),
    });
  }
  return pointers;
}
