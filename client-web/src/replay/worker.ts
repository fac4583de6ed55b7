//! Runs one recording beside the page: reads the file, steps the simulation, and sends a frame per turn.

import { type Core, type Replay, startCore } from "../core/core.ts";
import { Frame } from "../core/frame.ts";
import { ask, Unanswered } from "../page/ask.ts";
import {
  EFFECT_WORDS,
  EffectKind,
  EffectWord,
  HEADER_WORDS,
  HeaderWord,
  ITEM_WORDS,
} from "../wasm/schema.ts";
import { follow, type Live, liveRoom, NEWEST_SECONDS } from "./live.ts";
import {
  type FailureKind,
  type Found,
  isLive,
  type Question,
  type Reply,
  type Request,
  type Seen,
  type Source,
  type Wishes,
} from "./messages.ts";
import { readAll, TooLarge } from "./read.ts";

/** Ticks before the one shown that a history covers. */
const HISTORY_TICKS = 90;

// Within a worker, `self` speaks to the page as a `Worker` speaks to its script.
const page = self as unknown as Worker;
let open: { core: Core; replay: Replay } | undefined;

/** A scan plays at this speed, in steps that gather no more effects than a frame holds. */
const SCAN_SPEED = 16;
const SCAN_STEP_MS = 16;
/** Wider than any world. */
const EVERYWHERE_UNITS = 100_000;
/** Samples of the scores at most. */
const SAMPLES_LIMIT = 400;
/** Players of a sample at most, the best first. */
const SAMPLE_PLAYERS = 200;
const REPORT_MS = 250;

class Closed extends Error {}

page.onmessage = ({ data }: MessageEvent<Request>) => {
  if (data.type === "open") void openSource(data.core, data.source).catch(fail);
  else if (data.type === "scan") void scan(data.core, data.source).catch(fail);
  else if (!open) return;
  else if (data.type === "ask") answer(open.replay, data.question);
  else {
    try {
      turn(open.core, open.replay, data.nowMs, data.wishes);
    } catch (error) {
      fail(error);
    }
  }
};

async function openSource(compiled: WebAssembly.Module, source: Source): Promise<void> {
  if (isLive(source)) return watch(await startCore(compiled), source);
  const [core, bytes] = await Promise.all([startCore(compiled), bytesOf(source)]);
  const replay = core.replay(bytes);
  open = { core, replay };
  send({ type: "opened", info: replay.info(), state: replay.state() });
}

/** Plays the whole recording as fast as it can, and reports where ships were lost and how scores grew. */
async function scan(compiled: WebAssembly.Module, source: Source): Promise<void> {
  const [core, bytes] = await Promise.all([startCore(compiled), bytesOf(source)]);
  const replay = core.replay(bytes);
  const { firstTick, ticks } = replay.info();
  const frame = new Frame();
  const sampleTicks = (ticks - firstTick) / SAMPLES_LIMIT;
  let sampledAt = Number.NEGATIVE_INFINITY;
  let reportedAt = performance.now();
  let found: Found = { tick: firstTick, done: false, halfSize: 0, deaths: [], samples: [] };
  replay.setSpeed(SCAN_SPEED);
  replay.setCamera(0, 0, EVERYWHERE_UNITS);
  replay.setPlaying(true);
  for (let clockMs = 0; !found.done; clockMs += SCAN_STEP_MS) {
    replay.advance(clockMs);
    const pointer = replay.frame(clockMs);
    frame.attach(core.memory.buffer, pointer);
    const { tick, playing } = replay.state();
    for (let index = 0; index < frame.effectCount; index += 1) {
      const at = frame.effect(index);
      if (frame.u[at + EffectWord.Kind] !== EffectKind.Death) continue;
      found.deaths.push({ tick, x: frame.f[at + EffectWord.X], y: frame.f[at + EffectWord.Y] });
    }
    for (let notice = replay.pollNotice(); notice; notice = replay.pollNotice()) {
      if (notice.type !== "scoreboard" || tick - sampledAt < sampleTicks) continue;
      sampledAt = tick;
      const scores = notice.rows
        .slice(0, SAMPLE_PLAYERS)
        .map(({ player, score }) => [player, score] as const);
      found.samples.push({ tick, scores });
    }
    found = { ...found, tick, done: !playing, halfSize: frame.f[HeaderWord.HalfSize] };
    if (!found.done && performance.now() - reportedAt < REPORT_MS) continue;
    send({ type: "scanned", found });
    reportedAt = performance.now();
    found = { ...found, deaths: [], samples: [] };
  }
}

/** Opens a match that goes on at its newest moment, and appends what comes. */
async function watch(core: Core, live: Live): Promise<void> {
  const begun = await liveRoom(live, sayBusy);
  if (!begun) throw new Closed();
  let replay: Replay | undefined;
  let received = 0;
  for await (const { bytes, read, shown } of follow(live, begun, sayBusy)) {
    received += bytes.length;
    if (!replay) replay = core.replay(bytes);
    // Also after the first part: it is not a file that ends there.
    replay.append(open || received > bytes.length ? bytes : new Uint8Array());
    if (open) send({ type: "grown", info: replay.info(), state: replay.state() });
    else if (read < shown) sayProgress(received, begun.bytes);
    else {
      const info = replay.info();
      replay.seek(Math.max(info.firstTick, info.ticks - NEWEST_SECONDS * info.tickRate));
      open = { core, replay };
      send({ type: "opened", info, state: replay.state() });
    }
  }
  if (!open) throw new Closed();
}

/** What is shown so far of a match that goes on. */
async function shownOf(live: Live): Promise<Uint8Array<ArrayBuffer>> {
  const begun = await liveRoom(live);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  if (begun && begun.pieces > 0)
    for await (const { bytes, read, shown } of follow(live, begun)) {
      parts.push(bytes);
      if (read >= shown) break;
    }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function bytesOf(source: Source): Promise<Uint8Array> {
  if (isLive(source)) return shownOf(source);
  if (typeof source !== "string") return readAll(source.stream(), source.size, sayProgress);
  const response = await ask(source, sayBusy);
  const total = Number.parseInt(response.headers.get("content-length") ?? "", 10);
  const body = response.body ?? new Blob().stream();
  return readAll(body, Number.isFinite(total) ? total : undefined, sayProgress).catch((error: unknown) => {
    throw error instanceof TooLarge ? error : new Unanswered(undefined, String(error));
  });
}

function sayProgress(received: number, total: number | undefined): void {
  send({ type: "progress", received, total, busy: false });
}

function sayBusy(): void {
  send({ type: "progress", received: 0, total: undefined, busy: true });
}

function turn(core: Core, replay: Replay, nowMs: number, wishes: Wishes): void {
  const { tick, playing, speed, follow, death, camera } = wishes;
  if (tick !== undefined) replay.seek(tick);
  if (playing !== undefined) replay.setPlaying(playing);
  if (speed !== undefined) replay.setSpeed(speed);
  if (follow !== undefined) replay.follow(follow);
  if (death) replay.showDeath(death.tick, death.victim, death.calm);
  if (camera) replay.setCamera(camera.x, camera.y, camera.width);
  replay.advance(nowMs);
  const pointer = replay.frame(nowMs);
  const frame = copyFrame(core.memory.buffer, pointer);
  const notices = [];
  for (let notice = replay.pollNotice(); notice; notice = replay.pollNotice()) notices.push(notice);
  send({ type: "turned", frame, notices, state: replay.state() }, [frame]);
}

/** A question that cannot be answered does not end the replay. */
function answer(replay: Replay, question: Question): void {
  try {
    if (question.about === "subject") {
      send({ type: "answered", answer: look(replay, question.subject, question.component) });
      return;
    }
    const file = question.about === "clip" ? replay.cut(question.from, question.to) : replay.repro();
    const answer = file.slice();
    send({ type: "answered", answer }, [answer.buffer]);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) fail(error);
    else send({ type: "refused", reason: error instanceof Error ? error.message : String(error) });
  }
}

function look(replay: Replay, subject: string, component: string): Seen {
  const { components } = replay.componentsOf(subject);
  const changes = component === "" ? [] : replay.historyOf(subject, component, HISTORY_TICKS).changes;
  return { world: replay.inspect(), components, changes };
}

/** `memory` is read after the frame is drawn: drawing may replace it. */
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
  if (error instanceof Unanswered) return "unreachable";
  if (error instanceof Closed) return "closed";
  // The core says what is wrong with a file by a plain `Error`; a trap or a lack of memory is another class.
  return error instanceof Error && error.constructor === Error ? "bad" : "broken";
}

function send(reply: Reply, transfer: Transferable[] = []): void {
  page.postMessage(reply, transfer);
}
