//! Polls and posts instead of a WebSocket, over requests that the test answers, and the choice of transport.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Ladder } from "../src/net/ladder.ts";
import { Link } from "../src/net/link.ts";
import { framed, pieces } from "../src/net/transport/batch.ts";
import { openTransport } from "../src/net/transport/open.ts";
import { FORBIDDEN, TRY_AGAIN_LATER } from "../src/net/transport/refusal.ts";
import { openCounted } from "../src/transport/counting.ts";
import { BATCH_TYPE, CloseCode, POST_LIMIT_BYTES, PROTOCOL_VERSION } from "../src/wasm/schema.ts";
import { events, FakeSocket, newest, server } from "./fake-socket.ts";

/** A request that waits for the test's answer. */
interface Request {
  method: string;
  url: string;
  body: Uint8Array | undefined;
  aborted: () => boolean;
  answer(status: number, body?: Uint8Array, type?: string): Promise<void>;
  fail(): Promise<void>;
}

const ID = "c0ffee";
let asked: Request[] = [];

/** Runs what follows from an answer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

function fakeFetch(url: string, init: RequestInit): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { signal } = init;
    signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    asked.push({
      method: init.method ?? "GET",
      url,
      body: init.body as Uint8Array | undefined,
      aborted: () => signal?.aborted ?? false,
      answer: (status, body = new Uint8Array(), type = BATCH_TYPE) => {
        const content = status === 204 ? null : (body as Uint8Array<ArrayBuffer>);
        resolve(new Response(content, { status, headers: { "content-type": type } }));
        return settle();
      },
      fail: () => {
        reject(new TypeError("failed"));
        return settle();
      },
    });
  });
}

/** Takes the oldest waiting request of this kind; there must be one. */
function next(method: string, path: string): Request {
  const at = asked.findIndex((one) => one.method === method && one.url === `http://x${path}`);
  expect(asked.map((one) => `${one.method} ${one.url}`)).toContain(`${method} http://x${path}`);
  return asked.splice(at, 1)[0];
}

/** A close, as the server writes it at the end of a batch. */
function framedClose(code: number, reason: string): Uint8Array {
  const content = [code & 255, code >> 8, ...text(reason)];
  return new Uint8Array([content.length, 0, 0, 0x80, ...content]);
}

const piecesOf = (body: Uint8Array | undefined) => [...pieces(body ?? new Uint8Array())];
const batch = (...all: Uint8Array[]) => new Uint8Array(all.flatMap((piece) => [...piece]));
const text = (words: string) => new TextEncoder().encode(words);

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  FakeSocket.all = [];
  vi.stubGlobal("fetch", fakeFetch);
  vi.stubGlobal("WebSocket", FakeSocket);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A transport that the server has accepted. */
async function polling(kind: "long-poll" | "short-poll") {
  const seen = { opened: vi.fn(), received: vi.fn(), closed: vi.fn() };
  const transport = openTransport(kind, { ...server(), room: "a b" }, seen);
  await settle();
  transport.send(text("hello"));
  await next("POST", `/poll?version=${PROTOCOL_VERSION}&room=a%20b`).answer(201, text(ID), "text/plain");
  return { transport, seen };
}

test("the bytes of a batch are those of the server", () => {
  const bytes = batch(framed(new Uint8Array([7])), framed(new Uint8Array()), framedClose(4005, "é"));
  expect([...bytes]).toEqual([1, 0, 0, 0, 7, 0, 0, 0, 0, 4, 0, 0, 128, 0xa5, 0x0f, 0xc3, 0xa9]);
  expect(piecesOf(bytes)).toEqual([
    { message: new Uint8Array([7]) },
    { message: new Uint8Array() },
    { code: 4005, reason: "é" },
  ]);
  for (const length of [1, 3, 4, 11]) expect(() => piecesOf(bytes.subarray(0, length))).toThrow(RangeError);
});

test("answers are processed in order, whichever comes first", async () => {
  const { seen } = await polling("long-poll");
  const [first, second] = [next("GET", `/poll/${ID}/0`), next("GET", `/poll/${ID}/1`)];
  await second.answer(200, batch(framed(text("c"))));
  expect(seen.received).not.toHaveBeenCalled();
  await first.answer(200, batch(framed(text("a")), framed(text("b"))));
  expect(seen.received.mock.calls).toEqual([[text("a")], [text("b")], [text("c")]]);
  next("GET", `/poll/${ID}/2`);
  next("GET", `/poll/${ID}/3`);
});

test("one post at a time carries all messages sent since the last", async () => {
  const { transport } = await polling("long-poll");
  transport.send(text("a"));
  transport.send(text("b"));
  transport.send(text("c"));
  await next("POST", `/poll/${ID}/0`).answer(204);
  const post = next("POST", `/poll/${ID}/1`);
  expect(piecesOf(post.body)).toEqual([{ message: text("b") }, { message: text("c") }]);
  for (let count = 0; count < 9; count += 1) transport.send(new Uint8Array(4096));
  await post.answer(204);
  const large = next("POST", `/poll/${ID}/2`);
  expect(large.body!.length).toBeLessThanOrEqual(POST_LIMIT_BYTES);
  await large.answer(204);
  expect(piecesOf(next("POST", `/poll/${ID}/3`).body)).toHaveLength(3);
});

test("a request is repeated once, and a second loss closes the transport", async () => {
  const { seen } = await polling("short-poll");
  await next("GET", `/poll/${ID}/0?wait=0`).fail();
  await next("GET", `/poll/${ID}/0?wait=0`).answer(200, batch(framed(text("a"))));
  expect(seen.received).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(50);
  await next("GET", `/poll/${ID}/1?wait=0`).answer(504, text("late"), "text/html");
  await next("GET", `/poll/${ID}/1?wait=0`).answer(502, text("gone"), "text/html");
  expect(seen.closed.mock.calls).toEqual([[1006, ""]]);
});

test("a proxy's page and a truncated batch close the transport", async () => {
  for (const [body, type] of [
    [text("<html>please log in"), "text/html"],
    [framed(text("cut")).subarray(0, 6), BATCH_TYPE],
  ] as const) {
    const { seen } = await polling("long-poll");
    await next("GET", `/poll/${ID}/0`).answer(200, body, type);
    expect(seen.received).not.toHaveBeenCalled();
    expect(seen.closed.mock.calls).toEqual([[1006, ""]]);
    asked = [];
  }
});

test("a close and a refusal by the server arrive with their codes", async () => {
  const { seen } = await polling("long-poll");
  await next("GET", `/poll/${ID}/0`).answer(
    200,
    batch(framed(text("bye")), framedClose(CloseCode.Kicked, "removed")),
  );
  expect(seen.received).toHaveBeenCalledTimes(1);
  expect(seen.closed.mock.calls).toEqual([[CloseCode.Kicked, "removed"]]);
  expect(next("GET", `/poll/${ID}/1`).aborted()).toBe(true);

  const refused = { opened: vi.fn(), received: vi.fn(), closed: vi.fn() };
  const transport = openTransport("long-poll", server(), refused);
  await settle();
  transport.send(text("hello"));
  await next("POST", `/poll?version=${PROTOCOL_VERSION}`).answer(200, framedClose(CloseCode.Full, "full"));
  expect(refused.closed.mock.calls).toEqual([[CloseCode.Full, "full"]]);
});

test("the reason of a close arrives even after other requests were answered 404", async () => {
  const { transport, seen } = await polling("long-poll");
  transport.send(text("a"));
  await next("POST", `/poll/${ID}/0`).answer(404, text("over"), "text/plain");
  const [last, behind] = [next("GET", `/poll/${ID}/0`), next("GET", `/poll/${ID}/1`)];
  await behind.answer(404, text("over"), "text/plain");
  expect(seen.closed).not.toHaveBeenCalled();
  await last.answer(200, framedClose(CloseCode.TakenOver, "taken over"));
  expect(seen.closed.mock.calls).toEqual([[CloseCode.TakenOver, "taken over"]]);
  expect(asked).toEqual([]);
});

test("a client that missed the goodbye of a replaced server reconnects as if it had received it", async () => {
  for (const [hasReceived, code] of [
    [true, CloseCode.Restarting],
    [false, 1006],
  ] as const) {
    const { seen } = await polling("short-poll");
    if (hasReceived) {
      await next("GET", `/poll/${ID}/0?wait=0`).answer(200, batch(framed(text("a"))));
      await vi.advanceTimersByTimeAsync(50);
    }
    const poll = next("GET", `/poll/${ID}/${hasReceived ? 1 : 0}?wait=0`);
    await poll.answer(404, text("over"), "text/plain");
    expect(seen.closed.mock.calls).toEqual([[code, ""]]);
    asked = [];
  }
});

test("leaving is sent after everything before it, and no event follows", async () => {
  const { transport, seen } = await polling("long-poll");
  transport.send(text("a"));
  transport.send(text("leave"));
  transport.close(CloseCode.Left, "left");
  const poll = next("GET", `/poll/${ID}/0`);
  expect(poll.aborted()).toBe(true);
  await next("POST", `/poll/${ID}/0`).answer(204);
  const post = next("POST", `/poll/${ID}/1`);
  expect(piecesOf(post.body)).toEqual([{ message: text("leave") }]);
  await post.answer(204);
  await next("DELETE", `/poll/${ID}`).answer(204);
  expect(asked.map((one) => one.method)).not.toContain("POST");
  expect(seen.closed).not.toHaveBeenCalled();
});

test("a page that is closed leaves at once, whatever is still in flight", async () => {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  const { transport } = await polling("long-poll");
  transport.send(text("a"));
  page.dispatchEvent(new Event("pagehide"));
  next("DELETE", `/poll/${ID}`);
});

test("the ladder goes down step by step, and learns nothing without a server", () => {
  const ladder = new Ladder();
  const blocked = () => {
    for (const reach of ["nowhere", "server", "nowhere"] as const) {
      expect(ladder.next).toBe("websocket");
      ladder.ended("websocket", reach);
    }
  };
  blocked();
  expect(ladder.next).toBe("long-poll");
  ladder.ended("long-poll", "nowhere");
  blocked();
  ladder.ended("long-poll", "server");
  expect(ladder.next).toBe("short-poll");
  ladder.worked("short-poll");
  ladder.ended("short-poll", "messages");
  expect(ladder.next).toBe("short-poll");
  ladder.climbed();
  ladder.ended("websocket", "server");
  expect(ladder.next).toBe("long-poll");
  ladder.worked("websocket");
  ladder.ended("websocket", "messages");
  expect(ladder.next).toBe("websocket");
});

test("probes for a WebSocket become rarer until one has carried messages", () => {
  const ladder = new Ladder();
  const delays = Array.from({ length: 9 }, () => ladder.nextProbeMs());
  expect(delays.slice(0, 4)).toEqual([2000, 4000, 8000, 16_000]);
  expect(delays[8]).toBe(120_000);
  ladder.worked("long-poll");
  expect(ladder.nextProbeMs()).toBe(120_000);
  ladder.worked("websocket");
  expect(ladder.nextProbeMs()).toBe(2000);
});

/** A link on a network that blocks WebSockets, accepted over long polls that have delivered nothing yet. */
async function accepted() {
  const seen = events();
  const link = new Link(server, seen);
  seen.opened.mockImplementation(() => link.send(text("hello")));
  for (const waitMs of [500, 1000, 0]) {
    newest().end(1006);
    await vi.advanceTimersByTimeAsync(waitMs);
  }
  // The question why the first attempt failed.
  await next("POST", `/poll?version=${PROTOCOL_VERSION}`).fail();
  await next("POST", `/poll?version=${PROTOCOL_VERSION}`).answer(201, text(ID), "text/plain");
  return { link, seen };
}

/** The same, seated. */
async function blocked() {
  const { link, seen } = await accepted();
  await next("GET", `/poll/${ID}/0`).answer(200, framed(text("welcome")));
  link.settled();
  return { link, seen };
}

test("where WebSockets are blocked the link polls, and moves to a WebSocket that opens", async () => {
  const { link, seen } = await blocked();
  expect(seen.received).toHaveBeenCalledWith(text("welcome"));
  expect([link.kind, seen.lost.mock.calls]).toEqual(["long-poll", []]);
  const sockets = FakeSocket.all.length;
  await vi.advanceTimersByTimeAsync(2000);
  expect(FakeSocket.all).toHaveLength(sockets + 1);
  newest().end(1006);
  expect([link.kind, seen.opened.mock.calls.length]).toEqual(["long-poll", 1]);
  await next("GET", `/poll/${ID}/1`).answer(200, framed(text("more")));
  await vi.advanceTimersByTimeAsync(4000);
  const socket = newest();
  socket.open();
  await settle();
  expect(link.kind).toBe("websocket");
  expect(socket.sent).toEqual([text("hello")]);
  expect(seen.lost).not.toHaveBeenCalled();
  next("DELETE", `/poll/${ID}`);
  socket.onmessage?.({ data: text("resumed").buffer });
  link.settled();
  await vi.advanceTimersByTimeAsync(4000);
  expect(FakeSocket.all).toHaveLength(sockets + 2);
  link.stop();
});

test("the link leaves a WebSocket that opens but delivers nothing", async () => {
  const { link, seen } = await blocked();
  await vi.advanceTimersByTimeAsync(2000);
  newest().open();
  expect(link.kind).toBe("websocket");
  await vi.advanceTimersByTimeAsync(7000);
  expect(newest().closedWith).toBe(CloseCode.Silence);
  expect(seen.lost).toHaveBeenCalledWith(CloseCode.Silence, "silence");
  next("POST", `/poll?version=${PROTOCOL_VERSION}`);
  expect(link.kind).toBe("long-poll");
  link.stop();
});

test("long polls that deliver nothing are replaced by short ones", async () => {
  const { link } = await accepted();
  await vi.advanceTimersByTimeAsync(7000);
  expect(link.kind).toBe("short-poll");
  link.stop();
});

test("when the network comes back, the link probes for a WebSocket at once", async () => {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  const { link } = await blocked();
  const sockets = FakeSocket.all.length;
  page.dispatchEvent(new Event("online"));
  expect(FakeSocket.all).toHaveLength(sockets + 1);
  link.stop();
  expect(newest().closedWith).toBe(CloseCode.Left);
});

test("a refusal over HTTP arrives with its line, unless it is not the server's", async () => {
  const refused = async (status: number, body: string, type = "text/plain; charset=utf-8") => {
    const seen = { opened: vi.fn(), received: vi.fn(), closed: vi.fn() };
    const transport = openTransport("long-poll", server(), seen);
    await settle();
    transport.send(text("hello"));
    await next("POST", `/poll?version=${PROTOCOL_VERSION}`).answer(status, text(body), type);
    return seen.closed.mock.calls[0];
  };
  expect(await refused(403, "this address is banned")).toEqual([FORBIDDEN, "this address is banned"]);
  expect(await refused(429, "too many")).toEqual([TRY_AGAIN_LATER, "too many"]);
  expect(await refused(503, "all sockets are taken")).toEqual([TRY_AGAIN_LATER, "all sockets are taken"]);
  const nothing = [1006, ""];
  expect(await refused(403, "<h1>Forbidden</h1>", "text/html")).toEqual(nothing);
  expect(await refused(403, "x".repeat(2000))).toEqual(nothing);
  expect(await refused(404, "there is nothing here")).toEqual(nothing);
});

test("a WebSocket that does not open is asked for the reason, and one that cannot help is the end", async () => {
  const seen = events();
  new Link(server, seen);
  newest().end(1006);
  const why = next("POST", `/poll?version=${PROTOCOL_VERSION}`);
  expect(why.body).toBeUndefined();
  await why.answer(403, text("this server expects https://play.example"), "text/plain");
  expect(seen.refused).toHaveBeenCalledWith(FORBIDDEN, "this server expects https://play.example");
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all).toHaveLength(1);
  expect(asked).toEqual([]);
});

test("the reason of a refusal that passes is told, and the link goes on", async () => {
  for (const [answer, told] of [
    [() => next("POST", `/poll?version=${PROTOCOL_VERSION}`).answer(429, text("slow"), "text/plain"), true],
    [() => next("POST", `/poll?version=${PROTOCOL_VERSION}`).answer(200, framedClose(4001, "empty")), false],
    [() => next("POST", `/poll?version=${PROTOCOL_VERSION}`).fail(), false],
  ] as const) {
    FakeSocket.all = [];
    const seen = events();
    const link = new Link(server, seen);
    newest().end(1006);
    await answer();
    expect(seen.hindered.mock.calls).toEqual(told ? [[TRY_AGAIN_LATER, "slow"]] : []);
    expect(seen.refused).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(FakeSocket.all).toHaveLength(2);
    link.stop();
  }
});

test("a browser without WebSockets polls", async () => {
  vi.stubGlobal("WebSocket", undefined);
  const link = new Link(server, events());
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await settle();
    vi.advanceTimersByTime(5000);
  }
  expect(link.kind).toBe("long-poll");
});

test("the counting decorator counts requests, messages and the bytes of both", async () => {
  const seen = { opened: vi.fn(), received: vi.fn(), closed: vi.fn() };
  const { transport, counts } = openCounted("long-poll", server(), seen);
  await settle();
  transport.send(text("hello"));
  await next("POST", `/poll?version=${PROTOCOL_VERSION}`).answer(201, text(ID), "text/plain");
  await next("GET", `/poll/${ID}/0`).answer(200, framed(text("a")));
  expect(seen.received).toHaveBeenCalledTimes(1);
  expect([counts.requests, counts.messages, counts.payloadBytes]).toEqual([4, 2, 6]);
  expect(counts.overheadBytes).toBeGreaterThan(4 * 300);
  transport.close(CloseCode.Left, "left");

  const socket = openCounted("websocket", server(), seen);
  newest().open();
  socket.transport.send(new Uint8Array(200));
  newest().onmessage?.({ data: new ArrayBuffer(100) });
  // Heads of 2 bytes, 2 more for the longer length, 4 for the mask.
  expect(socket.counts).toEqual({ requests: 1, messages: 2, payloadBytes: 300, overheadBytes: 10 });
});
