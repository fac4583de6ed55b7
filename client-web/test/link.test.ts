//! The link's life over a socket that the test holds in its hands, on a clock that it turns.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mayRetry, retryDelayMs } from "../src/net/backoff.ts";
import { Link } from "../src/net/link.ts";
import { socketUrl } from "../src/net/transport/websocket.ts";
import { events, FakeSocket, newest, place } from "./fake-socket.ts";

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
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

test("codes that a retry cannot help", () => {
  expect([4000, 4005, 4006, 4007].some(mayRetry)).toBe(false);
  expect([1001, 1006, 4001, 4002, 4003, 4004, 4008].every(mayRetry)).toBe(true);
});

test("the socket's address follows the page", () => {
  expect(socketUrl({ protocol: "https:", host: "belt.example:9", room: undefined })).toBe(
    "wss://belt.example:9/ws",
  );
  expect(socketUrl({ protocol: "http:", host: "localhost", room: "a b" })).toBe(
    "ws://localhost/ws?room=a%20b",
  );
});

test("carries bytes both ways, and sends nothing before it is open", () => {
  const heard = events();
  const link = new Link(place, heard);
  expect(newest().protocol).toBe("driftbelt.2");
  link.send(new Uint8Array([1]));
  newest().open();
  link.send(new Uint8Array([2]));
  newest().onmessage?.({ data: new Uint8Array([3]).buffer });
  newest().onmessage?.({ data: "text is not ours" });
  expect(newest().sent).toEqual([new Uint8Array([2])]);
  expect(heard.received.mock.calls).toEqual([[new Uint8Array([3])]]);
});

test("a lost line is tried again, ever more slowly, and at once when asked", () => {
  const heard = events();
  const link = new Link(place, heard);
  newest().open();
  newest().end(1006);
  expect(heard.lost).toHaveBeenCalledTimes(1);
  expect(heard.waiting).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(500);
  expect(FakeSocket.all).toHaveLength(2);
  newest().end(1006);
  expect(heard.lost).toHaveBeenCalledTimes(1);
  link.tryNow();
  expect(FakeSocket.all).toHaveLength(3);
  vi.advanceTimersByTime(2000);
  expect(FakeSocket.all).toHaveLength(3);
});

test("a server that opens and does not take us in is asked ever more slowly", () => {
  const heard = events();
  const link = new Link(place, heard);
  const waited = () => heard.waiting.mock.lastCall?.[0] - performance.now();
  for (let turn = 0; turn < 6; turn += 1) {
    newest().open();
    newest().end(4003);
    if (turn < 5) vi.advanceTimersByTime(waited());
  }
  expect(waited()).toBeGreaterThan(7000);
  vi.advanceTimersByTime(waited());
  newest().open();
  link.settled();
  newest().end(1006);
  expect(waited()).toBeLessThanOrEqual(500);
});

test("silence on an open line is a lost line", () => {
  const heard = events();
  new Link(place, heard);
  newest().open();
  vi.advanceTimersByTime(3000);
  newest().onmessage?.({ data: new ArrayBuffer(1) });
  vi.advanceTimersByTime(4900);
  expect(heard.lost).not.toHaveBeenCalled();
  const silent = newest();
  vi.advanceTimersByTime(2000);
  expect(heard.lost).toHaveBeenCalledTimes(1);
  expect(silent.closedWith).toBe(4009);
});

test("a final close code is told and not retried", () => {
  const heard = events();
  new Link(place, heard);
  newest().open();
  newest().end(4006, "taken over");
  vi.advanceTimersByTime(60_000);
  expect(heard.refused).toHaveBeenCalledWith(4006, "taken over");
  expect(heard.waiting).not.toHaveBeenCalled();
  expect(FakeSocket.all).toHaveLength(1);
});

test("a stopped link stays silent, whatever the old socket says", () => {
  const heard = events();
  const link = new Link(place, heard);
  const socket = newest();
  socket.open();
  link.stop();
  socket.end(1006);
  vi.advanceTimersByTime(60_000);
  expect(socket.closedWith).toBe(4007);
  expect(heard.lost).not.toHaveBeenCalled();
  expect(FakeSocket.all).toHaveLength(1);
});

test("the network or the tab coming back is a reason to try at once, and to give up a silent line", () => {
  const tab = Object.assign(new EventTarget(), { hidden: false });
  const page = new EventTarget();
  vi.stubGlobal("document", tab);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  new Link(place, events());
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
  expect(stale.closedWith).toBe(4009);
  expect(FakeSocket.all).toHaveLength(3);
});

test("a server that is replaced, or a seat that is gone, is come back to without a word to the player", () => {
  for (const code of [1012, 4010]) {
    FakeSocket.all = [];
    const heard = events();
    const link = new Link(place, heard);
    newest().open();
    newest().end(code);
    expect(heard.lost).toHaveBeenCalledWith(code);
    vi.advanceTimersByTime(150);
    expect(FakeSocket.all).toHaveLength(2);
    expect(heard.waiting).not.toHaveBeenCalled();
    newest().end(1006);
    expect(heard.waiting).toHaveBeenCalledTimes(1);
    link.stop();
  }
});

test("a server that is replaced again and again is lost like any other", () => {
  const heard = events();
  const link = new Link(place, heard);
  for (const [passedMs, told] of [
    [0, 0],
    [4900, 1],
    [5001, 1],
  ]) {
    vi.advanceTimersByTime(passedMs);
    newest().open();
    newest().end(1012);
    expect(heard.waiting).toHaveBeenCalledTimes(told);
    link.tryNow();
  }
  link.stop();
});
