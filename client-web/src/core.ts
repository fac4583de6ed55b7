//! The wasm core as TypeScript sees it. The generated module must satisfy these types; the development page
//! puts a made-up world behind the same ones.

/** What the core tells besides the picture: names, chat, kills, tables. */
export type Notice =
  | {
      type: "welcome";
      player: number;
      name: string;
      room: string;
      mode: string;
      teams: boolean;
      tickRate: number;
      spectators?: number;
    }
  | { type: "resumed" }
  | { type: "queued"; position: number; waiting: number }
  | { type: "name"; player: number; name: string; team: number; drone: boolean }
  | {
      type: "kill";
      /** 0 is an asteroid or nobody. */
      killer: number;
      killerName: string;
      victim: number;
      victimName: string;
      bounty: number;
      self: "killer" | "victim" | "";
    }
  | { type: "chat"; player: number; name: string; text: string }
  | { type: "system"; key: string; values: Record<string, string | number> }
  | { type: "scoreboard"; players: number; rows: ScoreRow[] }
  | { type: "quotes"; stations: Quote[] }
  | { type: "goodbye"; code: number; reason: string };

export interface ScoreRow {
  rank: number;
  player: number;
  name: string;
  score: number;
  kills: number;
  deaths: number;
  team: number;
  drone: boolean;
  self: boolean;
}

/** A station and what it pays for ore now; `base` is its price at rest. */
export interface Quote {
  index: number;
  name: string;
  x: number;
  y: number;
  radius: number;
  price: number;
  base: number;
}

/** What the core reports about itself; milliseconds, bytes and world units as named. */
export interface CoreState {
  phase: string;
  tick: number;
  rttMs: number;
  jitterMs: number;
  snapshotBytes: number;
  bytesPerSecond: number;
  entities: number;
  self: {
    id: number;
    x: number;
    y: number;
    heading: number;
    health: number;
    hold: number;
    score: number;
  } | null;
  pendingInputs: number;
  predictionErrorUnits: number;
  interpolationDelayMs: number;
  /** How many ticks early inputs come to the server, and by which share the own clock is bent to keep that. */
  inputLeadTicks: number;
  rateBend: number;
  players: number;
  version: string;
}

/** The newest values behind the net graph. */
export interface NetGraph {
  rttMs: number;
  /** The newest one of those that it is the average of, and how many those are. */
  newestRttMs: number;
  roundTrips: number;
  jitterMs: number;
  snapshotBytes: number;
  bytesPerSecond: number;
  interpolationDelayMs: number;
  predictionErrorUnits: number;
  pendingInputs: number;
  inputLeadTicks: number;
  rateBend: number;
  serverTickMs: number;
  /** What the server's room goes without, from 0 (nothing) to 4. */
  loadLevel: number;
  spentBytesPerSecond: Spent;
}

/** What the bytes of snapshots were spent on. */
export const SPENT = ["appeared", "gone", "names", "motion", "heading", "state", "events", "own"] as const;
export type Spent = Record<(typeof SPENT)[number], number>;

/** Both kinds of sources write a frame into wasm memory. */
export interface FrameSource {
  frame(nowMs: number): void;
  framePointer(): number;
  frameLength(): number;
  pollNotice(): Notice | undefined;
  free(): void;
}

/** A live connection's state. Times are milliseconds of `performance.now()`. */
export interface Client extends FrameSource {
  opened(nowMs: number): void;
  received(bytes: Uint8Array, nowMs: number): void;
  closed(nowMs: number): void;
  setInput(buttons: number, aim: number): void;
  chat(text: string): void;
  leave(): void;
  /** What takes the seat back after a reload: a secret line of text. */
  seat(): string | undefined;
  /** The next connection asks for the seat of such a line; without one, for a new seat. */
  claim(seat?: string): void;
  advance(nowMs: number): void;
  pollTransmit(): Uint8Array | undefined;
  state(nowMs: number): CoreState;
  netGraph(nowMs: number): NetGraph;
}

export interface ReplayPlayer {
  id: number;
  name: string;
  team: number;
  drone: boolean;
  /** Ticks. */
  joined: number;
  left: number;
}

export interface ReplayMark {
  tick: number;
  kind: "join" | "leave" | "kill" | "bank" | "chat";
  player: number;
  other?: number;
  amount?: number;
  text?: string;
}

export interface ReplayInfo {
  name: string;
  mode: string;
  arena: string;
  seed: number;
  tickRate: number;
  /** The first and the last tick that can be shown: a recording may begin in the middle of a match. */
  firstTick: number;
  ticks: number;
  /** Unix milliseconds. */
  startedAt: number;
  complete: boolean;
  warning?: string;
  players: ReplayPlayer[];
  marks: ReplayMark[];
  simBuild: string;
}

export interface ReplayState {
  tick: number;
  ticks: number;
  playing: boolean;
  speed: number;
  /** Player id, 0 for nobody. */
  following: number;
  entities: number;
  /** 16 hex digits. */
  stateHash: string;
  /** The first tick that came out otherwise than it was recorded, or null. */
  divergedAt: number | null;
}

/** A recording that plays in this tab. */
export interface Replay extends FrameSource {
  info(): ReplayInfo;
  seek(tick: number): void;
  setPlaying(playing: boolean): void;
  setSpeed(speed: number): void;
  follow(player: number): void;
  setCamera(x: number, y: number, viewWidth: number): void;
  advance(nowMs: number): void;
  state(): ReplayState;
}

/** The loaded core. */
export interface Core {
  /** Read again for every frame: the buffer is replaced when memory grows. */
  readonly memory: { readonly buffer: ArrayBufferLike };
  client(name: string, room: string | undefined): Client;
  /** Throws an `Error` with a readable message for a file that is not a recording. */
  replay(file: Uint8Array): Replay;
}
