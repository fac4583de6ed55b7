//! A match that goes on, as it is read from the server.

import { afterEach, expect, test, vi } from "vitest";
import { follow, type LiveRoom, runLength } from "../src/replay/live.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("what is long past comes in long runs, and what is new piece by piece", () => {
  const runs = [];
  for (let next = 0; next < 277; next += runs.at(-1)![1]) runs.push([next, runLength(next, 275)]);
  expect(runs.slice(0, 3)).toEqual([
    [0, 256],
    [256, 16],
    [272, 1],
  ]);
  expect(runs.slice(-2)).toEqual([
    [275, 1],
    [276, 1],
  ]);
});

test("a match is read to its end, past a broken network and a wait", async () => {
  vi.useFakeTimers();
  let pieces = 17;
  const asked: string[] = [];
  const room = (): LiveRoom => ({
    room: "belt-1",
    mode: "Belt",
    recording: "a.belt",
    startedAt: 0,
    delaySeconds: 60,
    pieces,
    bytes: 0,
    ended: pieces === 19,
  });
  const answer = (status: number, body: BodyInit | null) => new Response(body, { status });
  vi.stubGlobal("fetch", async (address: string) => {
    asked.push(address);
    if (asked.length === 2) throw new TypeError("offline");
    if (address === "https://x/api/watch/belt-1") {
      pieces = Math.min(19, pieces + 1);
      return answer(200, JSON.stringify({ room: room() }));
    }
    const [, first, end] = /^https:\/\/x\/watch\/belt-1\/a\.belt\/(\d+)-(\d+)$/.exec(address)!;
    return Number(end) <= pieces ? answer(200, `${first};`) : answer(404, null);
  });
  let read = "";
  const reading = (async () => {
    for await (const { bytes } of follow({ server: "https://x/", room: "belt-1" }, room()))
      read += new TextDecoder().decode(bytes);
  })();
  await vi.runAllTimersAsync();
  await reading;
  expect(read).toBe("0;16;17;18;");
});
