//! `globalThis.driftbelt`: a read-only handle for scripts and tests.

import type { ClientState, ReplayState } from "../core/core.ts";
import type { Frame } from "../core/frame.ts";
import type { LinkKind } from "../net/link.ts";
import type { Phase } from "../ui/model.ts";
import { DrawKind, ItemWord } from "../wasm/schema.ts";

/** The result of `driftbelt.state()`; `ClientState` documents the units. */
export type PageState = Omit<ClientState, "phase" | "room" | "silentMs"> & {
  phase: Phase;
  /** The transport of the live match. */
  transport: LinkKind;
  /** Animation frames per second. */
  fps: number;
};

/** A ship in view; world units, radians, health 0..1. */
export interface SeenShip {
  player: number;
  name: string;
  x: number;
  y: number;
  heading: number;
  health: number;
}

export interface Handle {
  /** The state of the live match; zeros before there is one. */
  state(): PageState;
  /** The ships in the newest frame, the own one included. */
  ships(): SeenShip[];
  /** The state of the replay; undefined off the replay page. */
  replay(): ReplayState | undefined;
  readonly version: string;
}

declare global {
  var driftbelt: Handle;
  const DRIFTBELT_VERSION: string;
}

export const version = DRIFTBELT_VERSION;

const noMatch: Omit<PageState, "phase" | "transport" | "fps"> = {
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
  core(): ClientState | undefined;
  ships(): SeenShip[];
  phase(): Phase;
  transport(): LinkKind;
  fps(): number;
  replay(): ReplayState | undefined;
}): void {
  const handle: Handle = {
    state: () => ({
      ...(sources.core() ?? noMatch),
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
  for (let index = 0; index < frame.itemCount; index += 1) {
    const at = frame.item(index);
    if (u[at + ItemWord.Kind] !== DrawKind.Ship) continue;
    const player = u[at + ItemWord.Player];
    ships.push({
      player,
      name: nameOf(player),
      x: f[at + ItemWord.X],
      y: f[at + ItemWord.Y],
      heading: f[at + ItemWord.Heading],
      health: f[at + ItemWord.Health],
    });
  }
  return ships;
}
