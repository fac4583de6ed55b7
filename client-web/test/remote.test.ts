//! A recording in a worker, as the page sees it.

import { expect, test, vi } from "vitest";
import { Unanswered } from "../src/page/ask.ts";
import { WholeChunks } from "../src/replay/chunks.ts";
import type { Reply, Request } from "../src/replay/messages.ts";
import { download, readStream, TooLarge } from "../src/replay/read.ts";
import { RemoteReplay } from "../src/replay/remote.ts";

const { FakeWorker } = vi.hoisted(() => {
  class FakeWorker {
    static newest: FakeWorker;
    readonly asked: Request[] = [];
    ended = false;
    onmessage: ((event: { data: Reply }) => void) | null = null;
    onerror: ((event: { message: string }) => void) | null = null;

    constructor() {
      FakeWorker.newest = this;
    }

    postMessage(request: Request): void {
      this.asked.push(structuredClone(request));
    }

    terminate(): void {
      this.ended = true;
    }

    reply(data: Reply): void {
      this.onmessage?.({ data });
    }
  }
  return { FakeWorker };
});

vi.mock("../src/replay/worker.ts?worker&inline", () => ({ default: FakeWorker }));

const core = {} as WebAssembly.Module;

const state = (tick: number) => ({ tick, ticks: 900, playing: false, speed: 1, following: 0 }) as never;
const turned = (tick: number): Reply => ({
  type: "turned",
  frame: new ArrayBuffer(4),
  notices: [],
  state: state(tick),
});

async function open(signal = new AbortController().signal) {
  const opening = RemoteReplay.open(core, "http://x/a.belt", () => {}, signal);
  FakeWorker.newest.reply({ type: "opened", info: {} as never, state: state(0), loading: false });
  return { replay: await opening, worker: FakeWorker.newest };
}

test("while a turn is under way, wishes are collected, and the newest of a kind counts", async () => {
  const { replay, worker } = await open();
  replay.turn(10);
  replay.wish({ tick: 300 });
  replay.wish({ tick: 400, playing: true });
  replay.turn(20);
  expect(worker.asked.slice(1)).toEqual([{ type: "turn", nowMs: 10, wishes: {} }]);
  expect([replay.tick, replay.state().tick, replay.state().playing]).toEqual([400, 0, true]);
  expect(replay.waitedMs(500)).toBe(490);
  worker.reply(turned(1));
  replay.turn(30);
  expect(worker.asked.at(-1)).toEqual({ type: "turn", nowMs: 30, wishes: { tick: 400, playing: true } });
  expect(replay.takeFrame()?.sought).toBe(false);
  worker.reply(turned(400));
  expect(replay.takeFrame()?.sought).toBe(true);
  expect(replay.takeFrame()).toBeUndefined();
  expect([replay.tick, replay.state().tick]).toEqual([400, 400]);
});

test("an opening that is cancelled ends its worker, and so does a failure", async () => {
  const cancel = new AbortController();
  const opening = RemoteReplay.open(core, "http://x/a.belt", () => {}, cancel.signal);
  cancel.abort();
  await expect(opening).rejects.toThrow("cancelled");
  expect(FakeWorker.newest.ended).toBe(true);
  const { replay, worker } = await open();
  const failed = new Promise((resolve) => {
    replay.failed = resolve;
  });
  worker.onerror?.({ message: "out of memory" });
  expect(await failed).toMatchObject({ kind: "broken", message: "out of memory" });
  expect(worker.ended).toBe(true);
});

test("a stream is read to its end, and not beyond the limit", async () => {
  const stream = () => new Blob(["01234", "56789"]).stream();
  const text = async (total: number | undefined, limit: number) => {
    let read = "";
    for await (const { bytes } of readStream(stream(), total, limit)) read = new TextDecoder().decode(bytes);
    return read;
  };
  expect(await text(10, 10)).toBe("0123456789");
  expect(await text(undefined, 10)).toBe("0123456789");
  expect(await text(3, 10)).toBe("0123456789");
  await expect(text(11, 10)).rejects.toThrow(TooLarge);
  await expect(text(undefined, 9)).rejects.toThrow(TooLarge);
});

/** A server whose connections break after three bytes, and what it was asked for. */
function breakingServer(content: string, change = () => false): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (_: string, { headers }: { headers: Record<string, string> }) => {
    asked.push(`${headers.Range ?? ""} ${headers["If-Range"] ?? ""}`.trim());
    const from = change() ? 0 : Number(/\d+/.exec(headers.Range ?? "0")?.[0]);
    const left = new TextEncoder().encode(content.slice(from));
    let pulled = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1;
        if (pulled === 1) controller.enqueue(left.slice(0, 3));
        else if (left.length <= 3) controller.close();
        else controller.error(new TypeError("network error"));
      },
    });
    const told = { "content-length": String(left.length), etag: '"1"' };
    return new Response(stream, { status: from > 0 ? 206 : 200, headers: told });
  });
  return asked;
}

async function downloaded(): Promise<string> {
  let read = "";
  for await (const { bytes } of download("x")) read = new TextDecoder().decode(bytes);
  return read;
}

test("a download that breaks off goes on from there, unless the file has changed", async () => {
  vi.useFakeTimers();
  const asked = breakingServer("0123456789");
  const whole = downloaded();
  await vi.runAllTimersAsync();
  expect(await whole).toBe("0123456789");
  expect(asked).toEqual(["", 'bytes=3- "1"', 'bytes=6- "1"', 'bytes=9- "1"']);
  breakingServer("0123456789", () => true);
  const changed = expect(downloaded()).rejects.toThrow(Unanswered);
  await vi.runAllTimersAsync();
  await changed;
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("offline")));
  await expect(downloaded()).rejects.toThrow(Unanswered);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the whole chunks of a file are known while it is read, and damage too", () => {
  const header = [0x42, 0x45, 0x4c, 0x54, 5, 0, 2, 0, 0, 0, 0, 0, 0, 0, 7, 7];
  const chunk = (kind: number, ...body: number[]) => [kind, body.length, 0, 0, 0, 0, 0, 0, 0, ...body];
  const parts = [header, chunk(5, 1), chunk(0x81, 2, 2, 2), chunk(2), chunk(3, 1)];
  const file = Uint8Array.from(parts.flat());
  const ends = [0, ...parts.map((_, index) => parts.slice(0, index + 1).flat().length)];
  const chunks = new WholeChunks();
  for (let length = 0; length <= file.length; length += 1) {
    chunks.look(file.subarray(0, length));
    expect(chunks.end).toBe(ends.filter((end) => end <= length).at(-1));
    expect(chunks.isPlayable).toBe(length >= ends[4]);
  }
  expect(chunks.isDamaged).toBe(false);
  for (const junk of [chunk(0), chunk(6), [2, 0, 0, 0, 0xff, 0, 0, 0, 0]]) {
    const damaged = new WholeChunks();
    damaged.look(Uint8Array.from([...file, ...junk]));
    expect([damaged.end, damaged.isDamaged]).toEqual([file.length, true]);
  }
});
