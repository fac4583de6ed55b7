//! A recording that plays in a worker: whatever its file makes the core do, the page stays responsive. The page asks for one
//! turn after another, and shows what the last one brought.

import type { Notice, ReplayInfo, ReplayState } from "../core/core.ts";
import { seatHeaders } from "../net/seat.ts";
import type { FailureKind, From, Question, Reply, Request, Seen, Source, Wishes } from "./messages.ts";
// In the page's script, since a file also plays without a server.
import ReplayWorker from "./worker.ts?worker&inline";

/** Why a recording is not, or no longer, shown. */
export class ReplayFailure extends Error {
  constructor(
    readonly kind: FailureKind,
    reason: string,
  ) {
    super(reason);
  }
}

/** Nothing is shown before all is read. */
const WHOLE: From = { tick: Number.POSITIVE_INFINITY, seconds: 0 };

interface Pending<T> {
  resolve(value: T): void;
  reject(reason: Error): void;
}

/** The frame of a turn. */
export interface Turned {
  words: ArrayBuffer;
  /** Whether it shows another time than the frame before it. */
  sought: boolean;
}

export class RemoteReplay {
  /** Called when the recording can no longer be shown. */
  failed: (failure: ReplayFailure) => void = () => {};
  /** Called when a turn has brought a frame. */
  arrived: () => void = () => {};
  /** Called with what has been read of a recording that is open. */
  progressed: (received: number, total: number | undefined) => void = () => {};
  /** Called when a match that goes on has grown, or more of a recording is read. */
  grown: () => void = () => {};
  private queued: Wishes = {};
  private sent: Wishes = {};
  private askedAtMs: number | undefined;
  private turned: Turned | undefined;
  private notices: Notice[] = [];
  /** Questions without an answer yet, in their order. */
  private readonly asked: Pending<Seen | Uint8Array<ArrayBuffer>>[] = [];

  /** Opens a recording once it is read up to `from`, if it has that much. Rejects with a `ReplayFailure`. Ends when `signal` says so. */
  static open(
    core: WebAssembly.Module,
    source: Source,
    progress: (received: number, total: number | undefined, busy: boolean) => void,
    signal: AbortSignal,
    from: From = WHOLE,
  ): Promise<RemoteReplay> {
    return new Promise((resolve, reject) => {
      const worker = new ReplayWorker();
      const fail = (kind: FailureKind, reason: string) => {
        worker.terminate();
        reject(new ReplayFailure(kind, reason));
      };
      signal.addEventListener("abort", () => fail("unreachable", "cancelled"), { once: true });
      worker.onerror = ({ message }) => fail("broken", message);
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        if (data.type === "progress") progress(data.received, data.total, data.busy);
        else if (data.type === "failed") fail(data.kind, data.reason);
        else if (data.type === "opened") resolve(new RemoteReplay(worker, data));
      };
      worker.postMessage({ type: "open", core, source, from, headers: seatHeaders() } satisfies Request);
    });
  }

  info: ReplayInfo;
  /** More of the recording is being read. */
  loading: boolean;
  private reported: ReplayState;

  private constructor(
    private readonly worker: Worker,
    { info, state, loading }: Extract<Reply, { type: "opened" }>,
  ) {
    this.info = info;
    this.loading = loading;
    this.reported = state;
    const fail = (kind: FailureKind, reason: string) => {
      this.close();
      this.failed(new ReplayFailure(kind, reason));
    };
    worker.onerror = ({ message }) => fail("broken", message);
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (data.type === "failed") fail(data.kind, data.reason);
      else if (data.type === "answered") this.asked.shift()?.resolve(data.answer);
      else if (data.type === "refused") this.asked.shift()?.reject(new Error(data.reason));
      else if (data.type === "turned") this.receive(data);
      else if (data.type === "grown") this.grow(data);
      else if (data.type === "progress") this.progressed(data.received, data.total);
    };
  }

  /** The state of the newest frame, and what was wished for since. */
  state(): ReplayState {
    const { playing, speed, follow } = { ...this.sent, ...this.queued };
    const { reported } = this;
    return {
      ...reported,
      playing: playing ?? reported.playing,
      speed: speed ?? reported.speed,
      following: follow ?? reported.following,
    };
  }

  /** The tick that is shown once all wishes are fulfilled. */
  get tick(): number {
    return this.queued.tick ?? this.sent.tick ?? this.reported.tick;
  }

  wish(wishes: Wishes): void {
    Object.assign(this.queued, wishes);
  }

  /** Asks for the next turn unless one is under way. */
  turn(nowMs: number): void {
    if (this.askedAtMs !== undefined) return;
    this.askedAtMs = nowMs;
    this.sent = this.queued;
    this.queued = {};
    this.worker.postMessage({ type: "turn", nowMs, wishes: this.sent } satisfies Request);
  }

  /** How long the turn under way has taken so far. */
  waitedMs(nowMs: number): number {
    return this.askedAtMs === undefined ? 0 : nowMs - this.askedAtMs;
  }

  /** The newest frame, once. */
  takeFrame(): Turned | undefined {
    const { turned } = this;
    this.turned = undefined;
    return turned;
  }

  pollNotice(): Notice | undefined {
    return this.notices.shift();
  }

  /** Cuts a clip: the file of the ticks behind `from` up to `to`. */
  cut(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.ask({ about: "clip", from, to }) as Promise<Uint8Array<ArrayBuffer>>;
  }

  /** Cuts the repro of the tick shown: from the keyframe before it to the end. */
  repro(): Promise<Uint8Array<ArrayBuffer>> {
    return this.ask({ about: "repro" }) as Promise<Uint8Array<ArrayBuffer>>;
  }

  /** The components of a subject at the tick shown, and the changes of one of them. */
  look(subject: string, component: string): Promise<Seen> {
    return this.ask({ about: "subject", subject, component }) as Promise<Seen>;
  }

  private ask(question: Question): Promise<Seen | Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      this.asked.push({ resolve, reject });
      this.worker.postMessage({ type: "ask", question } satisfies Request);
    });
  }

  close(): void {
    this.worker.terminate();
  }

  private grow({ info, state, loading }: Extract<Reply, { type: "grown" }>): void {
    this.info = info;
    this.loading = loading;
    this.reported = { ...this.reported, ticks: state.ticks, live: state.live };
    this.grown();
  }

  private receive({ frame, notices, state }: Extract<Reply, { type: "turned" }>): void {
    const jumped = this.sent.tick !== undefined || this.sent.death !== undefined;
    const sought = jumped || this.turned?.sought === true;
    this.askedAtMs = undefined;
    this.sent = {};
    this.turned = { words: frame, sought };
    this.notices = sought ? notices : [...this.notices, ...notices];
    this.reported = state;
    this.arrived();
  }
}
