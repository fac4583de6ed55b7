//! Requests to a server that is busy, or says no.

import { afterEach, expect, test, vi } from "vitest";
import { ask, Unanswered } from "../src/page/ask.ts";
import { follow, liveRoom } from "../src/replay/live.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Answers with these in turn, and notes when it was asked. */
function answering(...answers: (() => Response)[]): number[] {
  vi.useFakeTimers({ now: 0 });
  const askedAt: number[] = [];
  vi.stubGlobal("fetch", async () => {
    askedAt.push(Date.now());
    return answers[askedAt.length - 1]!();
  });
  return askedAt;
}

const busy = (status: number, after?: string) => () =>
  new Response("busy", { status, headers: after === undefined ? {} : { "retry-after": after } });

test("a busy server is asked again when it says, and says so", async () => {
  const fine = () => new Response("fine");
  const askedAt = answering(
    busy(503, "5"),
    busy(429),
    busy(503, "0"),
    busy(429, "86400"),
    busy(503, "x"),
    fine,
  );
  const said = vi.fn();
  const asking = ask("https://x/a", said);
  await vi.runAllTimersAsync();
  expect(await (await asking).text()).toBe("fine");
  expect(askedAt).toEqual([0, 5000, 8000, 9000, 69_000, 72_000]);
  expect(said).toHaveBeenCalledTimes(5);
});

test("every other answer is final, and one that nobody waits for is not asked for again", async () => {
  answering(() => new Response("no such clip", { status: 404 }));
  await expect(ask("https://x/a")).rejects.toMatchObject({ status: 404, message: "no such clip" });
  const offline = () => {
    throw new TypeError("offline");
  };
  answering(offline);
  await expect(ask("https://x/a")).rejects.toMatchObject({ status: undefined });
  const left = new AbortController();
  const askedAt = answering(busy(503, "60"), offline);
  const asking = ask("https://x/a", () => left.abort(), { signal: left.signal }).catch(
    (error: unknown) => error,
  );
  await vi.advanceTimersByTimeAsync(1);
  expect([await asking, askedAt]).toEqual([expect.any(Unanswered), [0, 0]]);
});

test("a match is followed past a server that is busy", async () => {
  const room = () => new Response(JSON.stringify({ room: { recording: "a.belt", pieces: 1, ended: true } }));
  const missing = () => new Response("no", { status: 404 });
  answering(busy(503, "5"), room, busy(429, "5"), () => new Response("piece"), missing, busy(503), room);
  const live = { server: "https://x/", room: "belt-1" };
  const reading = (async () => {
    let read = "";
    for await (const { bytes } of follow(live, (await liveRoom(live))!))
      read += new TextDecoder().decode(bytes);
    return read;
  })();
  await vi.runAllTimersAsync();
  expect(await reading).toBe("piece");
});
