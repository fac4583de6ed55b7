//! The seat of this tab, kept across a reload of the page in session storage: another tab has its own.

import { read, write } from "../browser/storage.ts";

const KEY = "driftbelt.seat";
/** Tokens of seats in the last matches, the newest first: for all tabs, since a match is watched in another one. */
const PLAYED_KEY = "driftbelt.played";
const PLAYED_LIMIT = 16;
const TOKEN = /^[0-9a-f]{32}$/;

export interface KeptSeat {
  name: string;
  room: string;
  /** What the core needs to claim the seat: a secret. */
  claim: string;
}

export function keepSeat(seat: KeptSeat | undefined): void {
  write("sessionStorage", KEY, seat);
  if (seat) keepPlayed(tokenOf(seat.claim));
}

/** The token of this tab's seat, of those that are kept. */
let newest: string | undefined;

/** A newer token of the seat takes the place of the one before it: a recording knows a player by the last. */
function keepPlayed(token: string): void {
  if (token === newest) return;
  const others = played().filter((other) => other !== newest && other !== token);
  newest = token;
  write("localStorage", PLAYED_KEY, [token, ...others].slice(0, PLAYED_LIMIT));
}

function played(): string[] {
  const stored = read("localStorage", PLAYED_KEY);
  return Array.isArray(stored) ? stored.filter((token) => TOKEN.test(String(token))) : [];
}

/** The headers that prove to the server in which matches this browser has played. */
export function seatHeaders(): Record<string, string> {
  const tokens = played();
  return tokens.length === 0 ? {} : { Authorization: `Seat ${tokens.join(" ")}` };
}

function tokenOf(claim: string): string {
  return claim.split(".", 1)[0];
}

/** The seat from before a reload, unless the address names another room. */
export function keptSeat(invited: string | undefined): KeptSeat | undefined {
  const stored = read("sessionStorage", KEY);
  if (typeof stored !== "object" || stored === null) return undefined;
  const { name, room, claim } = stored as Partial<Record<keyof KeptSeat, unknown>>;
  if (typeof name !== "string" || typeof room !== "string" || typeof claim !== "string") return undefined;
  newest = tokenOf(claim);
  return invited === undefined || invited === room ? { name, room, claim } : undefined;
}
