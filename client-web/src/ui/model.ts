//! What the interface shows: the game writes these signals, components only read them.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import type {
  Candidate,
  EvidenceFacts,
  KillRole,
  NetGraph,
  Quote,
  RoundAward,
  ScoreRow,
} from "../core/core.ts";
import type { Levels } from "../core/frame.ts";
import type { Thumbs } from "../input/touch.ts";
import type { Box } from "./panels.ts";

export type Phase = "join" | "connecting" | "queued" | "playing" | "dead" | "reconnecting" | "goodbye";

/** Whether there is no match to show yet. */
export function precedesMatch(phase: Phase): boolean {
  return phase === "join" || phase === "connecting" || phase === "queued";
}

/** The own ship's values, rounded for the HUD. */
export interface Hud {
  health: number;
  healthMax: number;
  energy: number;
  energyMax: number;
  hold: number;
  holdMax: number;
  score: number;
  /** What is left of the score to spend. */
  purse: number;
  streak: number;
  /** The number of the hull; without a ship, of the next one. */
  hull: number;
  /** Until the ability is ready, and from one use to the next. */
  abilitySeconds: number;
  abilityCooldown: number;
  levels: Levels;
  /** What the next level of hull, engine, gun and hold costs; 0 at the highest. */
  costs: readonly [number, number, number, number];
  /** Index of the station, or -1. */
  docked: number;
  respawnSeconds: number;
  /** Until the round or its podium ends; below 0 without rounds. */
  roundSeconds: number;
}

/** A mark of the minimap, in world units. */
export interface Blip {
  x: number;
  y: number;
  relation: number;
}

/** A mode, as `/api/modes` tells it. */
export interface Mode {
  name: string;
  title: string;
  kind: string;
  /** Whether it is played by those who choose none. */
  isUsual: boolean;
  /** People who play it. */
  players: number;
}

/** A place that a word of the quick chat came from, in world units. */
export interface Ping {
  x: number;
  y: number;
}

const PING_SECONDS = 5;

/** Shows a place on the minimap for a while. */
export function addPing(ping: Ping): void {
  model.pings.value = [...model.pings.value, ping];
  setTimeout(() => {
    model.pings.value = model.pings.value.filter((other) => other !== ping);
  }, PING_SECONDS * 1000);
}

/** What the minimap draws, in world units. */
export interface MinimapData {
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

/** Where a hit on the own ship came from. */
export interface HitMark {
  /** The player who fired. */
  player: number;
  key: number;
  /** "" if it is not known. */
  name: string;
  /** Toward the shooter, radians. */
  angle: number;
}

/** What one player has done to the own ship; without a name and hits, what collisions have done. */
export interface Damage {
  name: string;
  hits: number;
  damage: number;
}

/** The best of a round: ships in a row, or a bounty. */
export interface Highlight {
  name: string;
  victim: string;
  kills: number;
  seconds: number;
  bounty: number;
}

/** The player whose menu is open, and the box of the name that opened it. */
export interface PlayerMenuPlace {
  name: string;
  box: Box;
}

/** A line that fades: a kill, a chat message, a piece of news. */
export interface FeedLine {
  key: number;
  kind: "kill" | "chat" | "news";
  /** The killer or the sender, "" for none. */
  name: string;
  /** The victim, or what was said. */
  text: string;
  /** The viewer's part in a kill. */
  own: KillRole | null;
  /** Whether `name` is another player. */
  canMute?: boolean;
  /** The teams of `name` and of the victim; 0 without teams. */
  teams?: readonly [number, number];
  /** Whether only the team receives it. */
  toTeam?: boolean;
}

interface Toast {
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
  purse: 0,
  streak: 0,
  hull: 0,
  abilitySeconds: 0,
  abilityCooldown: 1,
  levels: { hull: 0, engine: 0, gun: 0, hold: 0 },
  costs: [0, 0, 0, 0],
  docked: -1,
  respawnSeconds: 0,
  roundSeconds: -1,
};

interface Scores {
  /** Drones included. */
  players: number;
  humans: number;
  rows: ScoreRow[];
  /** Of team 1, 2…; empty without teams. */
  teams: number[];
}

export const noScores: Scores = { players: 0, humans: 0, rows: [], teams: [] };

interface Round {
  number: number;
  /** Whether the best are shown, and no ship flies. */
  podium: boolean;
  awards: RoundAward[];
  /** The arenas to vote for, while the podium is shown. */
  candidates: Candidate[];
}

export const noRound: Round = { number: 0, podium: false, awards: [], candidates: [] };

interface Arena {
  title: string;
  /** In world units: the ends of each, x and y. */
  walls: readonly (readonly [number, number, number, number])[];
}

export const noArena: Arena = { title: "", walls: [] };

export const model = {
  phase: signal<Phase>("join"),
  room: signal(""),
  mode: signal(""),
  /** What the server offers; empty before it has answered. */
  modes: signal<Mode[]>([]),
  /** The mode chosen on the join screen, or by the link; undefined for the usual one. */
  chosenMode: signal<string | undefined>(undefined),
  hud: signal<Hud>(hudAtRest),
  minimap: signal<MinimapData | undefined>(undefined),
  pointers: signal<Pointer[]>([]),
  /** The boxes that the HUD's panels cover. */
  panels: signal<Box[]>([]),
  quotes: signal<Quote[]>([]),
  scores: signal(noScores),
  /** By hull: of hull, engine, gun and hold, what each level from 0 on gives. */
  upgrades: signal<number[][][]>([]),
  round: signal(noRound),
  arena: signal(noArena),
  kills: signal<FeedLine[]>([]),
  /** Chat and news. */
  chat: signal<FeedLine[]>([]),
  toasts: signal<Toast[]>([]),
  /** What the server announced last, until it is closed. */
  banner: signal<{ key: number; text: string } | undefined>(undefined),
  rttMs: signal(0),
  /** The name of the player who last destroyed the own ship, "" for an asteroid. */
  killedBy: signal(""),
  /** Why the own ship was destroyed, while it is. */
  evidence: signal<EvidenceFacts | undefined>(undefined),
  /** The own ship's last seconds are shown again. */
  replaying: signal(false),
  /** Where the own ship was just hit from. */
  hits: signal<HitMark[]>([]),
  /** What destroyed the own ship, the most first, while it is. */
  damage: signal<Damage[]>([]),
  /** Loads in the own ship's hold, as of when it last lived. */
  carried: signal(0),
  /** `performance.now()` of the next attempt to connect. */
  retryAt: signal(0),
  /** Why the server refused the last attempt; undefined for a lost connection. */
  retryReason: signal<{ text: string; detail: string } | undefined>(undefined),
  /** The place in the queue, from 1, and its length. */
  queue: signal({ position: 0, waiting: 0 }),
  /** Whether the server has been silent for longer than it ever is. */
  stalled: signal(false),
  goodbye: signal<Goodbye>({ code: 0, reason: "" }),
  /** What opens the room; "" for none. */
  password: signal(""),
  /** The best of the round that has just ended. */
  highlight: signal<Highlight | undefined>(undefined),
  playerMenu: signal<PlayerMenuPlace | undefined>(undefined),
  menuOpen: signal(false),
  chatOpen: signal(false),
  /** Whether the words of the quick chat are offered. */
  signalsOpen: signal(false),
  /** Where words of the quick chat were given lately, in world units. */
  pings: signal<Ping[]>([]),
  /** The own player, 0 before the first welcome. */
  player: signal(0),
  /** Keys of the names that the player has muted. */
  muted: signal<ReadonlySet<string>>(new Set()),
  netGraphOpen: signal(false),
  netGraph: signal<NetGraph | undefined>(undefined),
  transport: signal<"websocket" | "long-poll" | "short-poll" | "practice">("websocket"),
  /** What practice shows over the picture, while it is chosen or flown. */
  practice: signal<{ screen(): JSX.Element | null } | undefined>(undefined),
  fps: signal(0),
  thumbs: signal<Thumbs | undefined>(undefined),
  /** The hint to show, or "". */
  hint: signal(""),
};

/** What the interface can do. */
export interface Actions {
  play(name: string): void;
  /** Opens or joins a room by its name; "" for no password. */
  enter(room: string, password: string): void;
  /** Offers practice. Resolves with false if it cannot be loaded. */
  practise(): Promise<boolean>;
  leave(): void;
  /** Plays again under the same name. */
  again(): void;
  chat(text: string): void;
  /** Gives a word of the quick chat, by its place in the list. */
  signal(place: number): void;
  toggleMute(name: string): void;
  tap(button: number): void;
  retryNow(): void;
  click(): void;
  keepMoment(): void;
  skipReplay(): void;
}

let lineKey = 0;

/** Adds a line that disappears after `seconds`; at most `most` lines are kept. */
export function addLine(
  list: typeof model.kills,
  line: Omit<FeedLine, "key">,
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

const HIT_SECONDS = 1.4;

/** Shows for a moment where a hit came from. */
export function markHit(player: number, name: string, angle: number): void {
  lineKey += 1;
  const key = lineKey;
  const others = model.hits.value.filter((hit) => hit.player !== player);
  model.hits.value = [...others, { player, key, name, angle }];
  setTimeout(() => {
    model.hits.value = model.hits.value.filter((hit) => hit.key !== key);
  }, HIT_SECONDS * 1000);
}

export function showBanner(text: string): void {
  lineKey += 1;
  model.banner.value = { key: lineKey, text };
}

export function addToast(text: string, tone: Toast["tone"]): void {
  lineKey += 1;
  const key = lineKey;
  model.toasts.value = [...model.toasts.value.slice(-2), { key, text, tone }];
  setTimeout(() => {
    model.toasts.value = model.toasts.value.filter((other) => other.key !== key);
  }, 2600);
}
