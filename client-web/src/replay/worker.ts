//! Runs one recording beside the page: reads the file, steps the simulation, and sends a frame per turn.

import { type Core, loadCore, type Replay } from "../core/core.ts";
import { EFFECT_WORDS, HEADER_WORDS, HeaderWord, ITEM_WORDS } from "../wasm/schema.ts";
import type { FailureKind, Reply, Request, Source, Wishes } from "./messages.ts";
import { readAll, TooLarge } from "./read.ts";

// Within a worker, `self` speaks to the page as a `Worker` speaks to its script.
const page = self as unknown as Worker;
let open: { core: Core; replay: Replay } | undefined;

class Unreachable extends Error {}

page.onmessage = ({ data }: MessageEvent<Request>) => {
  if (data.type === "open") void openSource(data.core, data.source).catch(fail);
  else if (open) {
    try {
      turn(open.core, open.replay, data.nowMs, data.wishes);
    } catch (error) {
      fail(error);
    }
  }
};

async function openSource(compiled: WebAssembly.Module, source: Source): Promise<void> {
  const [core, bytes] = await Promise.all([loadCore(compiled), bytesOf(source)]);
  const replay = core.replay(bytes);
  open = { core, replay };
  send({ type: "opened", info: replay.info(), state: replay.state() });
}

async function bytesOf(source: Source): Promise<Uint8Array> {
  const progress = (received: number, total: number | undefined) =>
    send({ type: "progress", received, total });
  if (typeof source !== "string") return readAll(source.stream(), source.size, progress);
  try {
    const response = await fetch(source);
    if (!response.ok || !response.body) throw new Unreachable(await response.text());
    const total = Number.parseInt(response.headers.get("content-length") ?? "", 10);
    return await readAll(response.body, Number.isFinite(total) ? total : undefined, progress);
  } catch (error) {
    if (error instanceof TooLarge || error instanceof Unreachable) throw error;
    throw new Unreachable(String(error));
  }
}

function turn(core: Core, replay: Replay, nowMs: number, wishes: Wishes): void {
  const { tick, playing, speed, follow, camera } = wishes;
  if (tick !== undefined) replay.seek(tick);
  if (playing !== undefined) replay.setPlaying(playing);
  if (speed !== undefined) replay.setSpeed(speed);
  if (follow !== undefined) replay.follow(follow);
  if (camera) replay.setCamera(camera.x, camera.y, camera.width);
  replay.advance(nowMs);
  const frame = copyFrame(core.memory.buffer, replay.frame(nowMs));
  const notices = [];
  for (let notice = replay.pollNotice(); notice; notice = replay.pollNotice()) notices.push(notice);
  send({ type: "turned", frame, notices, state: replay.state() }, [frame]);
}

function copyFrame(memory: ArrayBuffer, pointer: number): ArrayBuffer {
  const header = new Uint32Array(memory, pointer, HEADER_WORDS);
  const words =
    HEADER_WORDS + header[HeaderWord.Items] * ITEM_WORDS + header[HeaderWord.Effects] * EFFECT_WORDS;
  return memory.slice(pointer, pointer + words * 4);
}

function fail(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  send({ type: "failed", kind: kindOf(error), reason });
}

function kindOf(error: unknown): FailureKind {
  if (error instanceof TooLarge) return "large";
  if (error instanceof Unreachable) return "unreachable";
  // The core says what is wrong with a file by an `Error`; a trap or a lack of memory is another kind of error.
  if (error instanceof WebAssembly.RuntimeError || error instanceof RangeError) return "broken";
  return "bad";
}

function send(reply: Reply, transfer: Transferable[] = []): void {
  page.postMessage(reply, transfer);
}
