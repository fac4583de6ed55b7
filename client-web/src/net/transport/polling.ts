//! The game over plain requests, for networks that pass no WebSocket: polls bring what the server says, posts carry
//! what this side says, one post at a time. Both are numbered, so that a request that was lost can be repeated.

import { BATCH_TYPE, framed, LENGTH_BYTES, type Piece, pieces } from "./batch.ts";
import { answerHeadBytes, requestHeadBytes } from "./overhead.ts";
import {
  BROKEN,
  type Counts,
  type Place,
  PROTOCOL_VERSION,
  RESTARTING,
  type Transport,
  type TransportEvents,
  type TransportKind,
} from "./transport.ts";

/** The server takes no more in one post. */
const POST_LIMIT_BYTES = 16 * 1024;
/** A request that fails is repeated once: what cuts one of them need not cut the next. */
const TRIES = 2;

/** In the place of an answer that did not come. */
const LOST = "lost";
/** In the place of an answer by a server that knows nothing of this connection. */
const UNKNOWN = "unknown";

interface Pace {
  /** Polls that wait at the server at the same time: while one answer travels, the next poll is there. */
  polls: number;
  query: string;
  /** From one poll to the next, if it is not answered later. */
  intervalMs: number;
}

/** A long poll waits at the server until there is something to hear; a short one hears what there is. */
const PACES: Record<Exclude<TransportKind, "websocket">, Pace> = {
  "long-poll": { polls: 2, query: "", intervalMs: 0 },
  "short-poll": { polls: 1, query: "?wait=0", intervalMs: 50 },
};

interface Answer {
  status: number;
  type: string;
  body: Uint8Array;
}

export class Polling implements Transport {
  readonly counts: Counts = { requests: 0, messages: 0, payloadBytes: 0, overheadBytes: 0 };
  isOpen = false;
  reached = false;
  private readonly origin: string;
  private readonly polls = new AbortController();
  /** The connection's own path, once the server has taken us in: a secret. */
  private path = "";
  /** Pieces that wait for the next post. */
  private outbox: Uint8Array<ArrayBuffer>[] = [];
  private posting = false;
  /** Whether the server is to be told that we leave, once all is said. */
  private parting = false;
  private posted = 0;
  private polled = 0;
  /** The number of the next answer to be heard, and later ones that came before it. */
  private heard = 0;
  private hasHeard = false;
  private readonly early = new Map<number, Uint8Array | typeof LOST | typeof UNKNOWN>();
  /** A page that goes takes its WebSockets with it; of polls, nobody would know. */
  private readonly leaving = () => {
    this.forget();
    this.farewell();
  };

  constructor(
    readonly kind: Exclude<TransportKind, "websocket">,
    private readonly place: Place,
    private readonly events: TransportEvents,
  ) {
    this.origin = `${place.protocol}//${place.host}`;
    globalThis.addEventListener?.("pagehide", this.leaving);
    queueMicrotask(() => {
      if (this.polls.signal.aborted) return;
      this.isOpen = true;
      // The first message opens the connection.
      events.opened();
    });
  }

  send(message: Uint8Array): void {
    if (!this.isOpen) return;
    this.count(message.length);
    this.outbox.push(framed(message));
    void this.flush();
  }

  close(): void {
    if (!this.forget()) return;
    this.parting = true;
    void this.flush();
  }

  /** Lets go of it, so that nothing is heard any more. False if that was done before. */
  private forget(): boolean {
    if (this.polls.signal.aborted) return false;
    this.isOpen = false;
    globalThis.removeEventListener?.("pagehide", this.leaving);
    this.polls.abort();
    return true;
  }

  private end(code: number, reason: string): void {
    if (!this.forget()) return;
    this.outbox = [];
    this.events.closed(code, reason);
  }

  private async flush(): Promise<void> {
    if (this.posting) return;
    this.posting = true;
    while (this.outbox.length > 0) {
      if (this.path !== "") await this.post();
      else if (this.isOpen) await this.open(this.outbox.shift()!.subarray(LENGTH_BYTES));
      else this.outbox = [];
    }
    this.posting = false;
    if (this.parting) this.farewell();
  }

  private farewell(): void {
    if (this.path !== "") void this.request("DELETE", this.path, undefined, 1);
  }

  private async open(hello: Uint8Array<ArrayBuffer>): Promise<void> {
    const room = this.place.room === undefined ? "" : `&room=${encodeURIComponent(this.place.room)}`;
    // Not repeated: a seat could be taken twice.
    const answer = await this.request("POST", `/poll?version=${PROTOCOL_VERSION}${room}`, hello, 1);
    this.reached = answer?.type === BATCH_TYPE || answer?.status === 201;
    if (answer?.status === 201) {
      this.path = `/poll/${new TextDecoder().decode(answer.body)}`;
      const { polls } = PACES[this.kind];
      for (let count = 0; count < polls; count += 1) void this.poll();
    } else if (answer?.type === BATCH_TYPE) this.hear(answer.body);
    else this.end(BROKEN, "");
  }

  private async post(): Promise<void> {
    let bytes = 0;
    const fits = (piece: Uint8Array) => {
      bytes += piece.length;
      return bytes <= POST_LIMIT_BYTES;
    };
    const end = this.outbox.findIndex((piece) => !fits(piece));
    const batch = this.outbox.splice(0, end < 0 ? this.outbox.length : Math.max(1, end));
    const answer = await this.request("POST", `${this.path}/${this.posted}`, joined(batch), TRIES);
    this.posted += 1;
    // A connection that is over says so, and why, in its last answer.
    if (answer?.status !== 204 && answer?.status !== 404) this.end(BROKEN, "");
  }

  private async poll(): Promise<void> {
    const { query, intervalMs } = PACES[this.kind];
    while (this.isOpen) {
      const due = performance.now() + intervalMs;
      const number = this.polled;
      this.polled += 1;
      const answer = await this.request("GET", `${this.path}/${number}${query}`, undefined, TRIES);
      const brought = answer?.status === 200 && answer.type === BATCH_TYPE;
      this.early.set(number, brought ? answer.body : answer?.status === 404 ? UNKNOWN : LOST);
      this.hearInOrder();
      if (!brought) return;
      const early = due - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    }
  }

  /** The answer before a lost one may be the last one, and say why. */
  private hearInOrder(): void {
    for (let answer = this.early.get(this.heard); answer; answer = this.early.get(this.heard)) {
      this.early.delete(this.heard);
      this.heard += 1;
      if (answer === LOST) this.end(BROKEN, "");
      else if (answer === UNKNOWN) this.endUnknown();
      else this.hear(answer);
    }
  }

  /** Whoever was silent while the server was replaced did not hear its goodbye. A server that never spoke was not. */
  private endUnknown(): void {
    this.end(this.hasHeard ? RESTARTING : BROKEN, "");
  }

  private hear(batch: Uint8Array): void {
    for (const piece of read(batch)) {
      if (!this.isOpen) return;
      if ("message" in piece) {
        this.hasHeard = true;
        this.count(piece.message.length);
        this.events.received(piece.message);
      } else this.end(piece.code, piece.reason);
    }
  }

  /** A request and its answer; undefined when there is none. Polls end with the transport, last words outlive the page. */
  private async request(
    method: "GET" | "POST" | "DELETE",
    path: string,
    body: Uint8Array<ArrayBuffer> | undefined,
    tries: number,
  ): Promise<Answer | undefined> {
    const farewell = this.polls.signal.aborted;
    const how = method === "GET" ? { signal: this.polls.signal } : { body, keepalive: farewell };
    for (let left = tries; left > 0; left -= 1) {
      this.counts.requests += 1;
      this.counts.overheadBytes += requestHeadBytes(method, path, body?.length);
      try {
        const response = await fetch(this.origin + path, { method, cache: "no-store", ...how });
        const answer = await response.arrayBuffer();
        this.counts.overheadBytes += answerHeadBytes(response);
        const type = response.headers.get("content-type") ?? "";
        if (response.status < 500) return { status: response.status, type, body: new Uint8Array(answer) };
      } catch {
        // No network, a proxy that cuts, or our own end.
        if (!farewell && this.polls.signal.aborted) return undefined;
      }
    }
    return undefined;
  }

  private count(bytes: number): void {
    this.counts.messages += 1;
    this.counts.payloadBytes += bytes;
    this.counts.overheadBytes += LENGTH_BYTES;
  }
}

/** The pieces of a batch. One that is cut breaks the connection. */
function read(batch: Uint8Array): Piece[] {
  try {
    return [...pieces(batch)];
  } catch {
    return [{ code: BROKEN, reason: "" }];
  }
}

function joined(batch: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(batch.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of batch) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
