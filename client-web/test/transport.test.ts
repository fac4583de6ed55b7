//! Polls and posts in place of a WebSocket, over requests that the test answers, and the choice between them.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Ladder } from "../src/net/ladder.ts";
import { Link } from "../src/net/link.ts";
import { BATCH_TYPE, framed, pieces } from "../src/net/transport/batch.ts";
import { openTransport } from "../src/net/transport/transport.ts";
import { events, FakeSocket, newest, place } from "./fake-socket.ts";

/** A request that waits for the test's answer. */
interface Asked {
  method: string;
  url: string;
  body: Uint8Array | undefined;
  aborted: () => boolean;
  answer(status: number, body?: Uint8Array, type?: string): Promise<void>;
  fail(): Promise<void>;
}

const ID = "c0ffee";
let asked: Asked[] = [];

/** Lets what follows from an answer happen. */
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

/** Takes the oldest request that waits, which must be this one. */
function next(method: string, path: string): Asked {
  const at = asked.findIndex((one) => one.method === method && one.url === `http://x${path}`);
  expect(asked.map((one) => `${one.method} ${one.url}`)).toContain(`${method} http://x${path}`);
  return asked.splice(at, 1)[0];
}

/** A close, as the server puts it at the end of a batch. */
function framedClose(code: number, reason: string): Uint8Array {
  const content = [code & 255, code >> 8, ...text(reason)];
  return new Uint8Array([content.length, 0, 0, 0x80, ...content]);
}

const said = (body: Uint8Array | undefined) => [...pieces(body ?? new Uint8Array())];
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

/** A transport that the server has taken in. */
async function polling(kind: "long-poll" | "short-poll") {
  const heard = { opened: vi.fn(), received: vi.fn(), closed: vi.fn() };
  const transport = openTransport(kind, { ...place(), room: "a b" }, heard);
  await settle();
  transport.send(text("hello"));
  await next("POST", "/poll?version=2&room=a%20b").answer(201, text(ID), "text/plain");
  return { transport, heard };
}

test("the bytes of a batch are those of the server", () => {
  const bytes = batch(framed(new Uint8Array([7])), framed(new Uint8Array()), framedClose(4005, "é"));
  expect([...bytes]).toEqual([1, 0, 0, 0, 7, 0, 0, 0, 0, 4, 0, 0, 128, 0xa5, 0x0f, 0xc3, 0xa9]);
  expect(said(bytes)).toEqual([
    { message: new Uint8Array([7]) },
    { message: new Uint8Array() },
    { code: 4005, reason: "é" },
  ]);
  for (const length of [1, 3, 4, 11]) expect(() => said(bytes.subarray(0, length))).toThrow(RangeError);
});

test("answers are heard in their order, whichever comes first", async () => {
  const { heard } = await polling("long-poll");
  const [first, second] = [next("GET", `/poll/${ID}/0`), next("GET", `/poll/${ID}/1`)];
  await second.answer(200, batch(framed(text("c"))));
  expect(heard.received).not.toHaveBeenCalled();
  await first.answer(200, batch(framed(text("a")), framed(text("b"))));
  expect(heard.received.mock.calls).toEqual([[text("a")], [text("b")], [text("c")]]);
  next("GET", `/poll/${ID}/2`);
  next("GET", `/poll/${ID}/3`);
});

test("one post at a time carries all that was said meanwhile", async () => {
  const { transport } = await polling("long-poll");
  transport.send(text("a"));
  transport.send(text("b"));
  transport.send(text("c"));
  await next("POST", `/poll/${ID}/0`).answer(204);
  const post = next("POST", `/poll/${ID}/1`);
  expect(said(post.body)).toEqual([{ message: text("b") }, { message: text("c") }]);
  for (let count = 0; count < 9; count += 1) transport.send(new Uint8Array(4096));
  await post.answer(204);
  const large = next("POST", `/poll/${ID}/2`);
  expect(large.body!.length).toBeLessThanOrEqual(16 * 1024);
  await large.answer(204);
  expect(said(next("POST", `/poll/${ID}/3`).body)).toHaveLength(3);
});

test("what is lost once is asked again, and twice is the end", async () => {
  const { heard } = await polling("short-poll");
  await next("GET", `/poll/${ID}/0?wait=0`).fail();
  await next("GET", `/poll/${ID}/0?wait=0`).answer(200, batch(framed(text("a"))));
  expect(heard.received).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(50);
  await next("GET", `/poll/${ID}/1?wait=0`).answer(504, text("late"), "text/html");
  await next("GET", `/poll/${ID}/1?wait=0`).answer(502, text("gone"), "text/html");
  expect(heard.closed.mock.calls).toEqual([[1006, ""]]);
});

test("a page of a proxy and half a batch are no messages", async () => {
  for (const [body, type] of [
    [text("<html>please log in"), "text/html"],
    [framed(text("cut")).subarray(0, 6), BATCH_TYPE],
  ] as const) {
    const { heard } = await polling("long-poll");
    await next("GET", `/poll/${ID}/0`).answer(200, body, type);
    expect(heard.received).not.toHaveBeenCalled();
    expect(heard.closed.mock.calls).toEqual([[1006, ""]]);
    asked = [];
  }
});

test("the server's close comes with its code, and a refusal too", async () => {
  const { heard } = await polling("long-poll");
  await next("GET", `/poll/${ID}/0`).answer(200, batch(framed(text("bye")), framedClose(4005, "removed")));
  expect(heard.received).toHaveBeenCalledTimes(1);
  expect(heard.closed.mock.calls).toEqual([[4005, "removed"]]);
  expect(next("GET", `/poll/${ID}/1`).aborted()).toBe(true);

  const refused = { opened: vi.fn(), received: vi.fn(), closed: vi.fn() };
  const transport = openTransport("long-poll", place(), refused);
  await settle();
  transport.send(text("hello"));
  await next("POST", "/poll?version=2").answer(200, framedClose(4003, "full"));
  expect(refused.closed.mock.calls).toEqual([[4003, "full"]]);
});

test("the reason of an end is heard, however soon the rest of the connection is gone", async () => {
  const { transport, heard } = await polling("long-poll");
  transport.send(text("a"));
  await next("POST", `/poll/${ID}/0`).answer(404, text("over"), "text/plain");
  const [last, behind] = [next("GET", `/poll/${ID}/0`), next("GET", `/poll/${ID}/1`)];
  await behind.answer(404, text("over"), "text/plain");
  expect(heard.closed).not.toHaveBeenCalled();
  await last.answer(200, framedClose(4006, "taken over"));
  expect(heard.closed.mock.calls).toEqual([[4006, "taken over"]]);
  expect(asked).toEqual([]);
});

test("who missed the goodbye of a server that was replaced comes back as if it had been heard", async () => {
  for (const [heardBefore, code] of [
    [true, 1012],
    [false, 1006],
  ] as const) {
    const { heard } = await polling("short-poll");
    if (heardBefore) {
      await next("GET", `/poll/${ID}/0?wait=0`).answer(200, batch(framed(text("a"))));
      await vi.advanceTimersByTimeAsync(50);
    }
    const poll = next("GET", `/poll/${ID}/${heardBefore ? 1 : 0}?wait=0`);
    await poll.answer(404, text("over"), "text/plain");
    expect(heard.closed.mock.calls).toEqual([[code, ""]]);
    asked = [];
  }
});

test("leaving is said after all that was said before, and nothing is heard any more", async () => {
  const { transport, heard } = await polling("long-poll");
  transport.send(text("a"));
  transport.send(text("leave"));
  transport.close(4007, "left");
  const poll = next("GET", `/poll/${ID}/0`);
  expect(poll.aborted()).toBe(true);
  await next("POST", `/poll/${ID}/0`).answer(204);
  const post = next("POST", `/poll/${ID}/1`);
  expect(said(post.body)).toEqual([{ message: text("leave") }]);
  await post.answer(204);
  await next("DELETE", `/poll/${ID}`).answer(204);
  expect(asked.map((one) => one.method)).not.toContain("POST");
  expect(heard.closed).not.toHaveBeenCalled();
});

test("a page that goes says so, whatever is still on its way", async () => {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  const { transport } = await polling("long-poll");
  transport.send(text("a"));
  page.dispatchEvent(new Event("pagehide"));
  next("DELETE", `/poll/${ID}`);
});

test("the ladder goes down step by step, and learns nothing where there is no server", () => {
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
  ladder.heard("short-poll");
  ladder.ended("short-poll", "messages");
  expect(ladder.next).toBe("short-poll");
  ladder.climbs();
  ladder.ended("websocket", "server");
  expect(ladder.next).toBe("long-poll");
  ladder.heard("websocket");
  ladder.ended("websocket", "messages");
  expect(ladder.next).toBe("websocket");
});

test("looks for a WebSocket become rarer until one has carried messages", () => {
  const ladder = new Ladder();
  const looks = Array.from({ length: 9 }, () => ladder.nextProbeMs());
  expect(looks.slice(0, 4)).toEqual([2000, 4000, 8000, 16_000]);
  expect(looks[8]).toBe(120_000);
  ladder.heard("long-poll");
  expect(ladder.nextProbeMs()).toBe(120_000);
  ladder.heard("websocket");
  expect(ladder.nextProbeMs()).toBe(2000);
});

/** A link on a network that blocks upgrades, taken in over long polls that have brought nothing yet. */
async function takenIn() {
  const heard = events();
  const link = new Link(place, heard);
  heard.opened.mockImplementation(() => link.send(text("hello")));
  for (const waitMs of [500, 1000, 0]) {
    newest().end(1006);
    await vi.advanceTimersByTimeAsync(waitMs);
  }
  await next("POST", "/poll?version=2").answer(201, text(ID), "text/plain");
  return { link, heard };
}

/** The same, seated. */
async function blocked() {
  const { link, heard } = await takenIn();
  await next("GET", `/poll/${ID}/0`).answer(200, framed(text("welcome")));
  link.settled();
  return { link, heard };
}

test("where upgrades are blocked the link polls, and climbs when one passes", async () => {
  const { link, heard } = await blocked();
  expect(heard.received).toHaveBeenCalledWith(text("welcome"));
  expect([link.kind, heard.lost.mock.calls]).toEqual(["long-poll", []]);
  const sockets = FakeSocket.all.length;
  await vi.advanceTimersByTimeAsync(2000);
  expect(FakeSocket.all).toHaveLength(sockets + 1);
  newest().end(1006);
  expect([link.kind, heard.opened.mock.calls.length]).toEqual(["long-poll", 1]);
  await next("GET", `/poll/${ID}/1`).answer(200, framed(text("more")));
  await vi.advanceTimersByTimeAsync(4000);
  const socket = newest();
  socket.open();
  await settle();
  expect(link.kind).toBe("websocket");
  expect(socket.sent).toEqual([text("hello")]);
  expect(heard.lost).not.toHaveBeenCalled();
  next("DELETE", `/poll/${ID}`);
  socket.onmessage?.({ data: text("resumed").buffer });
  link.settled();
  await vi.advanceTimersByTimeAsync(4000);
  expect(FakeSocket.all).toHaveLength(sockets + 2);
  link.stop();
});

test("a WebSocket that opens and carries nothing is left again", async () => {
  const { link, heard } = await blocked();
  await vi.advanceTimersByTimeAsync(2000);
  newest().open();
  expect(link.kind).toBe("websocket");
  await vi.advanceTimersByTimeAsync(7000);
  expect(newest().closedWith).toBe(4009);
  expect(heard.lost).toHaveBeenCalledWith(4009);
  next("POST", "/poll?version=2");
  expect(link.kind).toBe("long-poll");
  link.stop();
});

test("long polls that bring nothing give way to short ones", async () => {
  const { link } = await takenIn();
  await vi.advanceTimersByTimeAsync(7000);
  expect(link.kind).toBe("short-poll");
  link.stop();
});

test("the network coming back is a reason to look for a WebSocket at once", async () => {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  const { link } = await blocked();
  const sockets = FakeSocket.all.length;
  page.dispatchEvent(new Event("online"));
  expect(FakeSocket.all).toHaveLength(sockets + 1);
  link.stop();
  expect(newest().closedWith).toBe(4007);
});
