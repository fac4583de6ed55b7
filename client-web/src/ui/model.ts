//! What the interface shows. The game writes these signals; components read them and nothing else.

import { signal } from "@preact/signals";
import type { NetGraph, Quote, ScoreRow } from "../core.ts";
import type { Levels } from "../frame.ts";
import type { Thumbs } from "../input/touch.ts";
import type { Box } from "../panels.ts";

export type Phase = "join" | "connecting" | "queued" | "playing" | "dead" | "reconnecting" | "goodbye";

/** Whether there is no match to be shown yet. */
export function precedesMatch(phase: Phase): boolean {
  return phase === "join" || phase === "connecting" || phase === "queued";
}

/** The own ship's values, rounded to what the HUD can show. */
export interface Hud {
  health: number;
  healthMax: number;
  energy: number;
  energyMax: number;
  hold: number;
  holdMax: number;
  score: number;
  streak: number;
  levels: Levels;
  /** Score for the next level of hull, engine, gun, hold; 0 when there is none. */
  costs: readonly [number, number, number, number];
  /** Index of the station, or -1. */
  docked: number;
  respawnSeconds: number;
}

/** A mark of the minimap, in world units. */
export interface Blip {
  x: number;
  y: number;
  relation: number;
}

/** What the minimap draws: only what this player may see. */
export interface Chart {
  halfSize: number;
  x: number;
  y: number;
  aim: number;
  viewHalfWidth: number;
  viewHalfHeight: number;
  ships: Blip[];
}

/** An arrow at the edge of the picture toward a station; CSS pixels and radians. */
export interface Pointer {
  index: number;
  x: number;
  y: number;
  angle: number;
  distance: number;
}

/** A line that fades: a kill, a chat message, a piece of news. */
export interface Line {
  key: number;
  kind: "kill" | "chat" | "news";
  who: string;
  text: string;
  /** For a kill, whether it is the viewer's. */
  own: "" | "killer" | "victim";
  /** Whether `who` is another player. */
  canMute?: boolean;
}

export interface Toast {
  key: number;
  text: string;
  tone: "ore" | "good" | "bad";
}

export interface Goodbye {
  code: number;
  reason: string;
}

export const hudAtRest: Hud = {
  health: 0,
  healthMax: 1,
  energy: 0,
  energyMax: 1,
  hold: 0,
  holdMax: 1,
  score: 0,
  streak: 0,
  levels: { hull: 0, engine: 0, gun: 0, hold: 0 },
  costs: [0, 0, 0, 0],
  docked: -1,
  respawnSeconds: 0,
};

export const model = {
  phase: signal<Phase>("join"),
  room: signal(""),
  mode: signal(""),
  hud: signal<Hud>(hudAtRest),
  chart: signal<Chart | undefined>(undefined),
  pointers: signal<Pointer[]>([]),
  /** What the panels of the display cover. */
  panels: signal<Box[]>([]),
  quotes: signal<Quote[]>([]),
  scores: signal<{ players: number; rows: ScoreRow[] }>({ players: 0, rows: [] }),
  kills: signal<Line[]>([]),
  talk: signal<Line[]>([]),
  toasts: signal<Toast[]>([]),
  rttMs: signal(0),
  /** The name of who destroyed the own ship last, "" for an asteroid. */
  killedBy: signal(""),
  bounty: signal(0),
  /** What the own ship had in its hold when it was last seen whole. */
  carried: signal(0),
  /** `performance.now()` of the next attempt to connect. */
  retryAt: signal(0),
  /** Why the server would not have us at the last attempt, "" for a lost line. */
  retryReason: signal(""),
  /** The place among those who wait for a seat, from 1, and their number. */
  queue: signal({ position: 0, waiting: 0 }),
  goodbye: signal<Goodbye>({ code: 0, reason: "" }),
  menuOpen: signal(false),
  chatOpen: signal(false),
  /** The own player, 0 before the first welcome. */
  player: signal(0),
  /** Keys of the names whom the player does not want to hear. */
  muted: signal<ReadonlySet<string>>(new Set()),
  netGraphOpen: signal(false),
  netGraph: signal<NetGraph | undefined>(undefined),
  transport: signal<"websocket" | "long-poll" | "short-poll">("websocket"),
  fps: signal(0),
  thumbs: signal<Thumbs | undefined>(undefined),
  /** The first-minute hint on show, or "". */
  hint: signal(""),
};

/** What the interface asks for. */
export interface Actions {
  play(name: string): void;
  leave(): void;
  chat(text: string): void;
  toggleMute(name: string): void;
  tap(button: number): void;
  retryNow(): void;
  click(): void;
}

let lineKey = 0;

/** Adds a line that goes after `seconds`, keeping at most `most`. */
export function addLine(
  list: typeof model.kills,
  line: Omit<Line, "key">,
  most: number,
  seconds: number,
): void {
  lineKey += 1;
  const key = lineKey;
  list.value = [...list.value.slice(1 - most), { ...line, key }];
  setTimeout(() => {
    list.value = list.value.filter((other) => other.key !== key);
  }, seconds * 1000);
}

export function addToast(text: string, tone: Toast["tone"]): void {
  lineKey += 1;
  const key = lineKey;
  model.toasts.value = [...model.toasts.value.slice(-2), { key, text, tone }];
  setTimeout(() => {
    model.toasts.value = model.toasts.value.filter((other) => other.key !== key);
  }, 2600);
}
