//! What the replay page shows.

import { signal } from "@preact/signals";
import type { ReplayInfo, ReplayState } from "../core/core.ts";
import type { LiveRoom } from "./live.ts";
import type { Found } from "./messages.ts";

/** Seconds of the match per second. */
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16] as const;

export type Panel = "board" | "events" | "highlights" | "curves" | "map";

/** One recording of the server's list. */
export interface Recording {
  name: string;
  bytes: number;
  /** null if the recording was not closed. */
  ticks: number | null;
  /** Ticks per second. */
  tickRate: number;
  /** Unix milliseconds. */
  startedAt: number;
  mode: string;
  room: string;
  /** The build of the simulation that made it. */
  simBuild: string;
}

/** One of the best moments of the day, as the server lists it. */
export interface BestMoment {
  recording: string;
  room: string;
  kind: string;
  /** The player's name. */
  name: string;
  value: number;
  seconds: number;
  /** From the recording's start. */
  fromSeconds: number;
}

/** What may be watched on a server. */
export interface Matches {
  delaySeconds: number;
  rooms: LiveRoom[];
  best: BestMoment[];
}

export const replayModel = {
  screen: signal<"list" | "watch" | "opening" | "viewer">("list"),
  /** The matches that go on; undefined while they are being fetched, "unreachable" without a server, "busy" while it is asked again. */
  matches: signal<Matches | "unreachable" | "busy" | undefined>(undefined),
  /** undefined while the list is being fetched, "unreachable" without a server. */
  recordings: signal<Recording[] | "unreachable" | "busy" | undefined>(undefined),
  /** The file that is open or opening. */
  fileName: signal(""),
  /** Whether the file came from the disk. */
  local: signal(false),
  fault: signal(""),
  info: signal<ReplayInfo | undefined>(undefined),
  state: signal<ReplayState | undefined>(undefined),
  /** The tick that is shown, or is being sought. */
  tick: signal(0),
  /** Bytes read of the recording that is opening, or open and loading; `total` is undefined if nobody knows. */
  progress: signal<{ received: number; total: number | undefined }>({ received: 0, total: undefined }),
  /** More of the recording that is open is being read. */
  loading: signal(false),
  /** The recording's worker takes long to answer. */
  busy: signal(false),
  freeCamera: signal(false),
  panel: signal<Panel | undefined>("board"),
  /** The interface is hidden, for a picture without it. */
  hidden: signal(false),
  keysShown: signal(false),
  /** A video is being chosen or made: the viewer rests. */
  filming: signal(false),
  /** The highlights play one after the other. */
  reeling: signal(false),
  /** What the scan of the recording has found so far. */
  scan: signal<Found | undefined>(undefined),
  /** Where a clip is to begin and to end, as ticks. */
  clip: signal<{ from?: number; to?: number }>({}),
  /** Whether the server keeps clips. */
  keepsClips: signal(false),
};
