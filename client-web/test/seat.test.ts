//! The tokens by which a player may watch matches.

import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

function stubStorage(): Map<string, string> {
  const stored = new Map<string, string>();
  const area = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  };
  vi.stubGlobal("localStorage", area);
  vi.stubGlobal("sessionStorage", area);
  return stored;
}

const token = (digit: number) => digit.toString(16).padStart(32, "0");
const seat = (digit: number) => ({ name: "Ada", room: "friday", claim: `${token(digit)}.${digit}` });

test("a newer token of a seat replaces the one before it, and older matches are kept up to a limit", async () => {
  const stored = stubStorage();
  const first = await import("../src/net/seat.ts");
  expect(first.seatHeaders()).toEqual({});
  first.keepSeat(seat(1));
  first.keepSeat(seat(2));
  first.keepSeat(undefined);
  expect(first.seatHeaders()).toEqual({ Authorization: `Seat ${token(2)}` });
  for (let match = 3; match < 30; match += 1) {
    vi.resetModules();
    (await import("../src/net/seat.ts")).keepSeat(seat(match));
  }
  // After a reload the seat is the same one.
  vi.resetModules();
  const again = await import("../src/net/seat.ts");
  again.keptSeat(undefined);
  again.keepSeat(seat(40));
  const shown = again.seatHeaders().Authorization.split(" ");
  expect(shown.slice(0, 3)).toEqual(["Seat", token(40), token(28)]);
  expect(shown).toHaveLength(17);
  stored.set("driftbelt.played", JSON.stringify(["x\r\ny", 7, token(5)]));
  expect(again.seatHeaders()).toEqual({ Authorization: `Seat ${token(5)}` });
});
