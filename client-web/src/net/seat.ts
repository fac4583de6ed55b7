//! The seat of this tab, kept across a reload of the page in session storage: another tab has its own.

import { read, write } from "../browser/storage.ts";

const KEY = "driftbelt.seat";

export interface KeptSeat {
  name: string;
  room: string;
  /** What the core needs to claim the seat: a secret. */
  claim: string;
}

export function keepSeat(seat: KeptSeat | undefined): void {
  write("sessionStorage", KEY, seat);
}

/** The seat from before a reload, unless the address names another room. */
export function keptSeat(invited: string | undefined): KeptSeat | undefined {
  const stored = read("sessionStorage", KEY);
  if (typeof stored !== "object" || stored === null) return undefined;
  const { name, room, claim } = stored as Partial<Record<keyof KeptSeat, unknown>>;
  if (typeof name !== "string" || typeof room !== "string" || typeof claim !== "string") return undefined;
  return invited === undefined || invited === room ? { name, room, claim } : undefined;
}
