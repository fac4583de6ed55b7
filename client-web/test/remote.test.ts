//! A recording in a worker, as the page sees it.

import { expect, test, vi } from "vitest";
import type { Reply, Request } from "../src/replay/messages.ts";
import { readAll, TooLarge } from "../src/replay/read.ts";
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
  FakeWorker.newest.reply({ type: "opened", info: {} as never, state: state(0) });
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
  const text = async (total: number | undefined, limit: number) =>
    new TextDecoder().decode(await readAll(stream(), total, () => {}, limit));
  expect(await text(10, 10)).toBe("0123456789");
  expect(await text(undefined, 10)).toBe("0123456789");
  expect(await text(3, 10)).toBe("0123456789");
  await expect(text(11, 10)).rejects.toThrow(TooLarge);
  await expect(text(undefined, 9)).rejects.toThrow(TooLarge);
});
