//! `globalThis.driftbelt`: a read-only window for tinkerers and tests. It shows; it changes nothing.

import type { CoreState, ReplayState } from "./core.ts";
import { Entity, type Frame, Kind } from "./frame.ts";
import type { TransportKind } from "./net/transport/transport.ts";
import type { Phase } from "./ui/model.ts";

/** What `driftbelt.state()` gives; see the core's state for the units. */
export type PageState = Omit<CoreState, "phase"> & {
  /** "join" | "connecting" | "queued" | "playing" | "dead" | "reconnecting" | "goodbye" */
  phase: Phase;
  /** What carries the messages of the live match. */
  transport: TransportKind;
  /** Animation frames per second. */
  fps: number;
};

/** A ship that the viewer sees now; world units, radians, health 0..1. */
export interface SeenShip {
  player: number;
  name: string;
  x: number;
  y: number;
  heading: number;
  health: number;
}

export interface Handle {
  /** The present state of the live match; zeros before there is one. */
  state(): PageState;
  /** The ships in the newest frame, the own one included. */
  ships(): SeenShip[];
  /** The present state of the replay, or undefined off the replay page. */
  replay(): ReplayState | undefined;
  readonly version: string;
}

declare global {
  var driftbelt: Handle;
  const DRIFTBELT_VERSION: string;
}

export const version = DRIFTBELT_VERSION;

const nothing: Omit<PageState, "phase" | "transport" | "fps"> = {
  tick: 0,
  rttMs: 0,
  jitterMs: 0,
  snapshotBytes: 0,
  bytesPerSecond: 0,
  entities: 0,
  self: null,
  pendingInputs: 0,
  predictionErrorUnits: 0,
  interpolationDelayMs: 0,
  inputLeadTicks: 0,
  rateBend: 0,
  players: 0,
  version,
};

/** Puts the handle on the page. */
export function expose(sources: {
  core(): CoreState | undefined;
  ships(): SeenShip[];
  phase(): Phase;
  transport(): TransportKind;
  fps(): number;
  replay(): ReplayState | undefined;
}): void {
  const handle: Handle = {
    state: () => ({
      ...(sources.core() ?? nothing),
      phase: sources.phase(),
      transport: sources.transport(),
      fps: sources.fps(),
    }),
    ships: () => sources.ships(),
    replay: () => sources.replay(),
    version,
  };
  Object.defineProperty(globalThis, "driftbelt", { value: Object.freeze(handle), enumerable: true });
}

/** The ships of a frame. */
export function shipsOf(frame: Frame, nameOf: (player: number) => string): SeenShip[] {
  const { u, f } = frame;
  const ships: SeenShip[] = [];
  for (let index = 0; index < frame.entityCount; index += 1) {
    const at = frame.entity(index);
    if (u[at + Entity.kind] !== Kind.ship) continue;
    const player = u[at + Entity.player];
    ships.push({
      player,
      name: nameOf(player),
      x: f[at + Entity.x],
      y: f[at + Entity.y],
      heading: f[at + Entity.angle],
      health: f[at + Entity.health],
    });
  }
  return ships;
}
