//! The administrators' API. The token is kept for this tab only, and sent in a header only.

import { read, write } from "../browser/storage.ts";
import { serverUrl } from "../page/address.ts";

const TOKEN_KEY = "driftbelt.admin";

export interface Room {
  name: string;
  mode: string;
  players: number;
  waiting: number;
  drones: number;
  capacity: number;
  tick: number;
  tickRateHz: number;
  tickMicrosP50: number;
  tickMicrosP99: number;
  ticksLost: number;
  bytesPerSecond: number;
  loadLevel: number;
  recording: { recording: boolean; file: string | null; problem: string | null };
}

export interface Player {
  player: number;
  name: string;
  away: boolean;
  muted: boolean;
  score: number;
  seconds: number;
  pingMs: number | null;
  address: string | null;
  /** How often the player was reported. */
  reports: number;
}

/** A report of one player by another one. */
export interface Report {
  at: string;
  room: string;
  /** The recording in which it happened. */
  file: string | null;
  tick: number;
  reporter: { player: number; name: string };
  reported: { player: number; name: string };
  reason: string;
}

export interface ServerState {
  version: string;
  uptimeSeconds: number;
  connections: number;
  draining: boolean;
  stopping: boolean;
  messageOfTheDay: string;
  modes: { name: string; title: string }[];
  recordings: { directory: string; files: number; bytes: number; freeBytes: number | null };
}

export interface Ban {
  address: string;
  reason: string | null;
  author: string | null;
  since: string | null;
  until: string;
}

/** The servers that share their rooms. */
export interface Fleet {
  /** The one that was asked. */
  node: string;
  nodes: {
    name: string;
    url: string;
    build: string;
    isDraining: boolean;
    rooms: { name: string; epoch: number; players: number; capacity: number }[];
  }[];
}

/** The server's answer was no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    reason: string,
  ) {
    super(reason);
  }
}

let token = kept();

function kept(): string {
  const value = read("sessionStorage", TOKEN_KEY);
  return typeof value === "string" ? value : "";
}

export function hasToken(): boolean {
  return token !== "";
}

export function setToken(next: string): void {
  token = next;
  write("sessionStorage", TOKEN_KEY, next === "" ? undefined : next);
}

export async function get<T>(path: string): Promise<T> {
  return (await request(path, {})).json() as Promise<T>;
}

export async function post<T>(path: string, body: object): Promise<T> {
  return (await request(path, { method: "POST", body: JSON.stringify(body) })).json() as Promise<T>;
}

export async function download(path: string): Promise<Blob> {
  return (await request(path, {})).blob();
}

export function roomPath(room: string): string {
  return `rooms/${encodeURIComponent(room)}`;
}

async function request(path: string, init: RequestInit): Promise<Response> {
  const headers = token === "" ? undefined : { Authorization: `Bearer ${token}` };
  const response = await fetch(`${serverUrl()}api/admin/${path}`, { ...init, headers, cache: "no-store" });
  if (!response.ok) throw new Refused(response.status, (await response.text()).trim());
  return response;
}
