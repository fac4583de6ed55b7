//! What the replay page and its worker say to each other.

import type {
  ComponentChange,
  InspectedComponent,
  InspectedWorld,
  Notice,
  ReplayInfo,
  ReplayState,
} from "../core/core.ts";
import type { Live } from "./live.ts";

/** A file from the disk, the address of one, or a match that goes on. */
export type Source = File | string | Live;

/** Whether a source is a match that goes on. */
export function isLive(source: Source): source is Live {
  return typeof source === "object" && "room" in source;
}

/** What the viewer asks for. A later wish of a kind replaces an earlier one. */
export interface Wishes {
  tick?: number;
  playing?: boolean;
  speed?: number;
  follow?: number;
  /** Shows how a player's ship was destroyed at a tick; `calm` as a still picture. */
  death?: { tick: number; victim: number; calm: boolean };
  /** Where the free camera looks, in units. */
  camera?: { x: number; y: number; width: number };
}

/** What a scan has found since its last report. */
export interface Found {
  /** The tick that is reached. */
  tick: number;
  done: boolean;
  /** Half the width of the world, in units. */
  halfSize: number;
  deaths: { tick: number; x: number; y: number }[];
  /** Scores by player. */
  samples: { tick: number; scores: (readonly [player: number, score: number])[] }[];
}

/** Asks for the components of a subject at the tick shown and the history of one of them, or for a file. */
export type Question =
  | { about: "subject"; subject: string; component: string }
  | { about: "clip"; from: number; to: number }
  /** From the keyframe before the tick shown to the end. */
  | { about: "repro" };

/** The world, the components of the subject, and the changes of the component, the oldest first. */
export interface Seen {
  world: InspectedWorld;
  components: InspectedComponent[];
  changes: ComponentChange[];
}

/** Where playing begins: the later of a tick and a time since the recording's start. */
export interface From {
  tick: number;
  seconds: number;
}

/** `headers` go to the server with every request. */
export type Request =
  | { type: "scan"; core: WebAssembly.Module; source: Source; headers: Record<string, string> }
  | { type: "ask"; question: Question }
  | { type: "open"; core: WebAssembly.Module; source: Source; from: From; headers: Record<string, string> }
  | { type: "turn"; nowMs: number; wishes: Wishes };

/** Why a recording is not shown: it could not be fetched or read, it is no recording, it has stopped the core, or the match is
 * not to be watched. */
export type FailureKind = "unreachable" | "large" | "bad" | "broken" | "closed";

export type Reply =
  /** `busy`: the server is, and is asked again. */
  | { type: "progress"; received: number; total: number | undefined; busy: boolean }
  /** `loading`: more of it is being read. */
  | { type: "opened"; info: ReplayInfo; state: ReplayState; loading: boolean }
  | { type: "answered"; answer: Seen | Uint8Array<ArrayBuffer> }
  | { type: "refused"; reason: string }
  | { type: "turned"; frame: ArrayBuffer; notices: Notice[]; state: ReplayState }
  | { type: "scanned"; found: Found }
  /** A match that goes on has grown, or more of a recording is read. */
  | { type: "grown"; info: ReplayInfo; state: ReplayState; loading: boolean }
  | { type: "failed"; kind: FailureKind; reason: string };
