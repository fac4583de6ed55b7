//! Runs one recording beside the page: reads the file, steps the simulation, and sends a frame per turn.

import type { ReplayState } from "../core/core.ts";
import { Frame } from "../core/frame.ts";
import { Unanswered } from "../page/ask.ts";
import {
  EFFECT_WORDS,
  EffectKind,
  EffectWord,
  HEADER_WORDS,
  HeaderWord,
  ITEM_WORDS,
} from "../wasm/schema.ts";
import { WholeChunks } from "./chunks.ts";
import { follow, type Live, liveRoom, NEWEST_SECONDS } from "./live.ts";
import {
  type FailureKind,
  type Found,
  type From,
  isLive,
  type Question,
  type Reply,
  type Request,
  type Seen,
  type Source,
  type Wishes,
} from "./messages.ts";
import { download, type Portion, readStream, TooLarge } from "./read.ts";
import { type Replay, type Replayer, startReplayer } from "./replayer.ts";

/** How often the page is told how much is read, and what is new in the part that is read. */
const PROGRESS_MS = 100;
const GROWN_MS = 1000;
/** Ticks before the one shown that a history covers. */
const HISTORY_TICKS = 90;

// Within a worker, `self` speaks to the page as a `Worker` speaks to its script.
const page = self as unknown as Worker;
/** Of every request to the server. */
const request: { headers: Record<string, string> } = { headers: {} };
let open: { core: Replayer; replay: Replay } | undefined;
/** The open recording is still being read: its core waits at the end of what is there, as for a match that goes on. */
let loading = false;

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
  if (data.type === "open" || data.type === "scan") {
    request.headers = data.headers;
    const begun =
      data.type === "open" ? openSource(data.core, data.source, data.from) : scan(data.core, data.source);
    void begun.catch(fail);
  } else if (!open) return;
  else if (data.type === "ask") answer(open.replay, data.question);
  else {
    try {
      turn(open.core, open.replay, data.nowMs, data.wishes);
    } catch (error) {
      fail(error);
    }
  }
};

/** Opens a recording as soon as the moment is there that is asked for, and reads on. */
async function openSource(compiled: WebAssembly.Module, source: Source, from: From): Promise<void> {
  if (isLive(source)) return watch(await startReplayer(compiled), source);
  const starting = startReplayer(compiled);
  const chunks = new WholeChunks();
  let replay: Replay | undefined;
  let appended = 0;
  let file: Uint8Array = new Uint8Array();
  let toldAt = Number.NEGATIVE_INFINITY;
  let grownAt = toldAt;
  for await (const { bytes, total } of portionsOf(source)) {
    file = bytes;
    chunks.look(file);
    const now = performance.now();
    const isEarly = now - toldAt < PROGRESS_MS;
    if (!isEarly) {
      toldAt = now;
      sayProgress(file.length, total);
    }
    if (!chunks.isPlayable || file.length === total || (replay && isEarly)) continue;
    const core = await starting;
    if (replay) replay.append(file.subarray(appended, chunks.end));
    else {
      replay = core.replay(file.subarray(0, chunks.end));
      // Whatever follows, it is not a file that ends here.
      replay.append(new Uint8Array());
    }
    appended = chunks.end;
    if (!open && !isThere(replay, from)) continue;
    if (open && now - grownAt < GROWN_MS) continue;
    grownAt = now;
    loading = true;
    const type = open ? "grown" : "opened";
    open = { core, replay };
    send({ type, info: replay.info(), state: stateOf(replay), loading });
  }
  const core = await starting;
  const whole = finish(core, replay, file, file.subarray(appended));
  loading = false;
  const type = open ? "grown" : "opened";
  open = { core, replay: whole };
  send({ type, info: whole.info(), state: whole.state(), loading });
}

function isThere(replay: Replay, from: From): boolean {
  const { firstTick, ticks, tickRate } = replay.info();
  return Math.max(from.tick, firstTick + from.seconds * tickRate) <= ticks;
}

/** The whole recording. One that is not sound to its end is opened again: only a look at all of it finds what is sound. */
function finish(core: Replayer, begun: Replay | undefined, file: Uint8Array, rest: Uint8Array): Replay {
  begun?.append(rest);
  if (begun?.info().complete) return begun;
  const whole = core.replay(file);
  if (!begun) return whole;
  const { tick, playing, speed, following } = begun.state();
  begun.free();
  whole.seek(tick);
  whole.follow(following);
  whole.setSpeed(speed);
  whole.setPlaying(playing);
  return whole;
}

/** While a recording is being read, the page sees no match that goes on. */
function stateOf(replay: Replay): ReplayState {
  const state = replay.state();
  return loading ? { ...state, live: false } : state;
}

/** Plays the whole recording as fast as it can, and reports where ships were lost and how scores grew. */
async function scan(compiled: WebAssembly.Module, source: Source): Promise<void> {
  const [core, bytes] = await Promise.all([startReplayer(compiled), bytesOf(source)]);
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
async function watch(core: Replayer, live: Live): Promise<void> {
  const begun = await liveRoom(live, request, sayBusy);
  if (!begun) throw new Closed();
  let replay: Replay | undefined;
  let received = 0;
  for await (const { bytes, read, shown } of follow(live, begun, request, sayBusy)) {
    received += bytes.length;
    if (!replay) replay = core.replay(bytes);
    // Also after the first part: it is not a file that ends there.
    replay.append(open || received > bytes.length ? bytes : new Uint8Array());
    if (open) send({ type: "grown", info: replay.info(), state: replay.state(), loading });
    else if (read < shown) sayProgress(received, begun.bytes);
    else {
      const info = replay.info();
      replay.seek(Math.max(info.firstTick, info.ticks - NEWEST_SECONDS * info.tickRate));
      open = { core, replay };
      send({ type: "opened", info, state: replay.state(), loading });
    }
  }
  if (!open) throw new Closed();
}

/** What is shown so far of a match that goes on. */
async function shownOf(live: Live): Promise<Uint8Array<ArrayBuffer>> {
  const begun = await liveRoom(live, request);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  if (begun && begun.pieces > 0)
    for await (const { bytes, read, shown } of follow(live, begun, request)) {
      parts.push(bytes);
      if (read >= shown) break;
    }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

async function bytesOf(source: Source): Promise<Uint8Array> {
  if (isLive(source)) return shownOf(source);
  let read: Uint8Array = new Uint8Array();
  for await (const { bytes } of portionsOf(source)) read = bytes;
  return read;
}

function portionsOf(source: File | string): AsyncGenerator<Portion> {
  if (typeof source === "string") return download(source, request, sayBusy);
  return readStream(source.stream(), source.size);
}

function sayProgress(received: number, total: number | undefined): void {
  send({ type: "progress", received, total, busy: false });
}

function sayBusy(): void {
  send({ type: "progress", received: 0, total: undefined, busy: true });
}

function turn(core: Replayer, replay: Replay, nowMs: number, wishes: Wishes): void {
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
  send({ type: "turned", frame, notices, state: stateOf(replay) }, [frame]);
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
