//! The link over a fake socket and a fake clock.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mayRetry, retryDelayMs } from "../src/net/backoff.ts";
import { Link } from "../src/net/link.ts";
import { FORBIDDEN, TRY_AGAIN_LATER } from "../src/net/transport/refusal.ts";
import { socketUrl } from "../src/net/transport/websocket.ts";
import { CloseCode, PROTOCOL_VERSION } from "../src/wasm/schema.ts";
import { events, FakeSocket, newest, server } from "./fake-socket.ts";

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the delay doubles, is spread over its upper half, and has a limit", () => {
  expect([0, 1, 2, 3].map((attempt) => retryDelayMs(attempt, 1))).toEqual([500, 1000, 2000, 4000]);
  expect(retryDelayMs(1, 0)).toBe(500);
  expect(retryDelayMs(5000, 1)).toBe(15_000);
});

test("after some close codes a retry cannot help", () => {
  const { VersionMismatch, BadMessage, Kicked, TakenOver, Left } = CloseCode;
  expect([VersionMismatch, BadMessage, Kicked, TakenOver, Left, FORBIDDEN].some(mayRetry)).toBe(false);
  expect([1001, 1006, TRY_AGAIN_LATER, 4002, 4003, 4004, 4008].every(mayRetry)).toBe(true);
});

test("the socket's address follows the page", () => {
  expect(socketUrl({ url: "https://belt.example:9/", room: undefined })).toBe("wss://belt.example:9/ws");
  expect(socketUrl({ url: "http://localhost/game/", room: "a b" })).toBe("ws://localhost/game/ws?room=a%20b");
});

test("it carries bytes both ways, and sends nothing before it is open", () => {
  const seen = events();
  const link = new Link(server, seen);
  expect(newest().protocol).toBe(`driftbelt.${PROTOCOL_VERSION}`);
  link.send(new Uint8Array([1]));
  newest().open();
  link.send(new Uint8Array([2]));
  newest().onmessage?.({ data: new Uint8Array([3]).buffer });
  newest().onmessage?.({ data: "text is ignored" });
  expect(newest().sent).toEqual([new Uint8Array([2])]);
  expect(seen.received.mock.calls).toEqual([[new Uint8Array([3])]]);
});

test("a lost connection is retried with a growing delay, and at once on demand", () => {
  const seen = events();
  const link = new Link(server, seen);
  newest().open();
  newest().end(1006);
  expect(seen.lost).toHaveBeenCalledTimes(1);
  expect(seen.waiting).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(500);
  expect(FakeSocket.all).toHaveLength(2);
  newest().end(1006);
  expect(seen.lost).toHaveBeenCalledTimes(1);
  link.tryNow();
  expect(FakeSocket.all).toHaveLength(3);
  vi.advanceTimersByTime(2000);
  expect(FakeSocket.all).toHaveLength(3);
});

test("a server that opens but does not accept the client is retried with a growing delay", () => {
  const seen = events();
  const link = new Link(server, seen);
  const waited = () => seen.waiting.mock.lastCall?.[0] - performance.now();
  for (let turn = 0; turn < 6; turn += 1) {
    newest().open();
    newest().end(CloseCode.Full);
    if (turn < 5) vi.advanceTimersByTime(waited());
  }
  expect(waited()).toBeGreaterThan(7000);
  vi.advanceTimersByTime(waited());
  newest().open();
  link.settled();
  newest().end(1006);
  expect(waited()).toBeLessThanOrEqual(500);
});

test("silence on an open connection is a lost connection", () => {
  const seen = events();
  new Link(server, seen);
  newest().open();
  vi.advanceTimersByTime(3000);
  newest().onmessage?.({ data: new ArrayBuffer(1) });
  vi.advanceTimersByTime(4900);
  expect(seen.lost).not.toHaveBeenCalled();
  const silent = newest();
  vi.advanceTimersByTime(2000);
  expect(seen.lost).toHaveBeenCalledTimes(1);
  expect(silent.closedWith).toBe(CloseCode.Silence);
});

test("a final close code is reported and not retried", () => {
  const seen = events();
  new Link(server, seen);
  newest().open();
  newest().end(CloseCode.TakenOver, "taken over");
  vi.advanceTimersByTime(60_000);
  expect(seen.refused).toHaveBeenCalledWith(CloseCode.TakenOver, "taken over");
  expect(seen.waiting).not.toHaveBeenCalled();
  expect(FakeSocket.all).toHaveLength(1);
});

test("a stopped link ignores its old socket", () => {
  const seen = events();
  const link = new Link(server, seen);
  const socket = newest();
  socket.open();
  link.stop();
  socket.end(1006);
  vi.advanceTimersByTime(60_000);
  expect(socket.closedWith).toBe(CloseCode.Left);
  expect(seen.lost).not.toHaveBeenCalled();
  expect(FakeSocket.all).toHaveLength(1);
});

test("when the network or the tab comes back, the link retries at once and drops a silent connection", () => {
  const tab = Object.assign(new EventTarget(), { hidden: false });
  const page = new EventTarget();
  vi.stubGlobal("document", tab);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  new Link(server, events());
  newest().open();
  newest().end(1006);
  expect(FakeSocket.all).toHaveLength(1);
  tab.dispatchEvent(new Event("visibilitychange"));
  expect(FakeSocket.all).toHaveLength(2);
  newest().open();
  page.dispatchEvent(new Event("online"));
  expect(FakeSocket.all).toHaveLength(2);
  vi.advanceTimersByTime(1500);
  const stale = newest();
  page.dispatchEvent(new Event("online"));
  expect(stale.closedWith).toBe(CloseCode.Silence);
  expect(FakeSocket.all).toHaveLength(3);
});

test("after a replaced server or a lost seat the link reconnects without telling the player", () => {
  for (const code of [CloseCode.Restarting, CloseCode.SeatGone]) {
    FakeSocket.all = [];
    const seen = events();
    const link = new Link(server, seen);
    newest().open();
    newest().end(code);
    expect(seen.lost).toHaveBeenCalledWith(code, "");
    vi.advanceTimersByTime(150);
    expect(FakeSocket.all).toHaveLength(2);
    expect(seen.waiting).not.toHaveBeenCalled();
    newest().end(1006);
    expect(seen.waiting).toHaveBeenCalledTimes(1);
    link.stop();
  }
});

test("a server that is replaced again and again counts as lost", () => {
  const seen = events();
  const link = new Link(server, seen);
  for (const [passedMs, waits] of [
    [0, 0],
    [4900, 1],
    [5001, 1],
  ]) {
    vi.advanceTimersByTime(passedMs);
    newest().open();
    newest().end(CloseCode.Restarting);
    expect(seen.waiting).toHaveBeenCalledTimes(waits);
    link.tryNow();
  }
  link.stop();
});

test("it follows a room to the node that runs it, and comes home when that node is gone", () => {
  const seen = events();
  const link = new Link(server, seen);
  newest().open();
  newest().end(CloseCode.Moved, "https://n2.example/play?room=belt-7");
  expect(seen.waiting).not.toHaveBeenCalled();
  vi.advanceTimersByTime(150);
  expect(newest().url).toBe("wss://n2.example/play/ws?room=belt-7");
  newest().open();
  link.settled();
  // Its first attempt after a loss is there, the next at home.
  newest().end(1006);
  vi.advanceTimersByTime(500);
  expect(newest().url).toBe("wss://n2.example/play/ws?room=belt-7");
  newest().end(1006);
  vi.advanceTimersByTime(1000);
  expect(newest().url).toBe("ws://x/ws");
  // Nobody knows yet where the room is.
  newest().open();
  newest().end(CloseCode.Moved, "");
  expect(seen.refused).not.toHaveBeenCalled();
  vi.advanceTimersByTime(5000);
  expect(newest().url).toBe("ws://x/ws");
});
