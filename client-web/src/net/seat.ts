//! The seat of this tab, kept through a reload of the page. In the session's storage: another tab has its own.

const KEY = "driftbelt.seat";

export interface KeptSeat {
  name: string;
  room: string;
  /** What the core needs to claim the seat: a secret. */
  claim: string;
}

export function keepSeat(seat: KeptSeat | undefined): void {
  try {
    if (seat) sessionStorage.setItem(KEY, JSON.stringify(seat));
    else sessionStorage.removeItem(KEY);
  } catch {
    // A browser that refuses storage still plays; only a reload costs the seat.
  }
}

/** The seat of before the reload, if the address does not ask for another room. */
export function keptSeat(invited: string | undefined): KeptSeat | undefined {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (typeof stored !== "object" || stored === null) return undefined;
    const { name, room, claim } = stored as Partial<Record<keyof KeptSeat, unknown>>;
    if (typeof name !== "string" || typeof room !== "string" || typeof claim !== "string") return undefined;
    return invited === undefined || invited === room ? { name, room, claim } : undefined;
  } catch {
    return undefined;
  }
}
