//! The game over plain requests, for networks that block WebSockets: polls bring the server's messages, posts carry ours, one
//! post at a time. Both are numbered, so that a lost request can be repeated.

import { BATCH_TYPE, CloseCode, LENGTH_BYTES, POST_LIMIT_BYTES } from "../../wasm/schema.ts";
import { framed, type Piece, pieces } from "./batch.ts";
import { type Answer, pollAddress, refusalOf } from "./refusal.ts";
import {
  ABNORMAL_CLOSURE,
  type ServerAddress,
  type Transport,
  type TransportEvents,
  type TransportKind,
} from "./transport.ts";

/** A failed request is repeated once. */
const TRIES = 2;

/** In place of an answer that did not come. */
const LOST = "lost";
/** In place of an answer by a server that does not know this connection. */
const UNKNOWN = "unknown";

type PollKind = Exclude<TransportKind, "websocket">;

interface Schedule {
  /** Polls that wait at the server at the same time: while one answer is in flight, the next poll is there. */
  polls: number;
  query: string;
  /** From one poll to the next, if the answer does not take longer. */
  intervalMs: number;
}

/** A long poll waits at the server until there is a message; a short one is answered at once. */
const SCHEDULES: Record<PollKind, Schedule> = {
  "long-poll": { polls: 2, query: "", intervalMs: 0 },
  "short-poll": { polls: 1, query: "?wait=0", intervalMs: 50 },
};

export class Polling implements Transport {
  isOpen = false;
  reached = false;
  private readonly polls = new AbortController();
  /** The connection's own address, once the server has accepted it: a secret. */
  private path = "";
  /** Framed messages that wait for the next post. */
  private outbox: Uint8Array<ArrayBuffer>[] = [];
  private posting = false;
  /** Whether the server is to be told that we leave, once the outbox is empty. */
  private leaving = false;
  private posted = 0;
  private polled = 0;
  /** The number of the next answer to process, and later ones that arrived before it. */
  private next = 0;
  private hasReceived = false;
  private readonly early = new Map<number, Uint8Array | typeof LOST | typeof UNKNOWN>();
  /** The server sees a closed page's WebSocket end; the end of polls has to be sent. */
  private readonly pageHidden = () => {
    this.stop();
    this.sendLeave();
  };

  constructor(
    readonly kind: PollKind,
    private readonly server: ServerAddress,
    private readonly events: TransportEvents,
    private readonly request: typeof fetch,
  ) {
    globalThis.addEventListener?.("pagehide", this.pageHidden);
    queueMicrotask(() => {
      if (this.polls.signal.aborted) return;
      this.isOpen = true;
      // The first message opens the connection.
      events.opened();
    });
  }

  send(message: Uint8Array): void {
    if (!this.isOpen) return;
    this.outbox.push(framed(message));
    void this.flush();
  }

  close(): void {
    if (!this.stop()) return;
    this.leaving = true;
    void this.flush();
  }

  /** Ends all polls; no event follows. Returns false if that was done before. */
  private stop(): boolean {
    if (this.polls.signal.aborted) return false;
    this.isOpen = false;
    globalThis.removeEventListener?.("pagehide", this.pageHidden);
    this.polls.abort();
    return true;
  }

  private end(code: number, reason: string): void {
    if (!this.stop()) return;
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
    if (this.leaving) this.sendLeave();
  }

  private sendLeave(): void {
    if (this.path !== "") void this.ask("DELETE", this.path, undefined, 1);
  }

  private async open(hello: Uint8Array<ArrayBuffer>): Promise<void> {
    // Not repeated, since that could take two seats.
    const answer = await this.ask("POST", pollAddress(this.server), hello, 1);
    const refusal = answer && refusalOf(answer);
    this.reached = answer?.type === BATCH_TYPE || answer?.status === 201 || refusal !== undefined;
    if (answer?.status === 201) {
      this.path = `${this.server.url}poll/${new TextDecoder().decode(answer.body)}`;
      const { polls } = SCHEDULES[this.kind];
      for (let count = 0; count < polls; count += 1) void this.poll();
    } else if (answer?.type === BATCH_TYPE) this.receive(answer.body);
    else this.end(refusal?.code ?? ABNORMAL_CLOSURE, refusal?.reason ?? "");
  }

  private async post(): Promise<void> {
    let bytes = 0;
    const fits = (piece: Uint8Array) => {
      bytes += piece.length;
      return bytes <= POST_LIMIT_BYTES;
    };
    const end = this.outbox.findIndex((piece) => !fits(piece));
    const batch = this.outbox.splice(0, end < 0 ? this.outbox.length : Math.max(1, end));
    const answer = await this.ask("POST", `${this.path}/${this.posted}`, joined(batch), TRIES);
    this.posted += 1;
    // The last answer to a poll says why a connection that is unknown here has ended.
    if (answer?.status !== 204 && answer?.status !== 404) this.end(ABNORMAL_CLOSURE, "");
  }

  private async poll(): Promise<void> {
    const { query, intervalMs } = SCHEDULES[this.kind];
    while (this.isOpen) {
      const due = performance.now() + intervalMs;
      const number = this.polled;
      this.polled += 1;
      const answer = await this.ask("GET", `${this.path}/${number}${query}`, undefined, TRIES);
      const isBatch = answer?.status === 200 && answer.type === BATCH_TYPE;
      this.early.set(number, isBatch ? answer.body : answer?.status === 404 ? UNKNOWN : LOST);
      this.receiveInOrder();
      if (!isBatch) return;
      const early = due - performance.now();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    }
  }

  /** Answers before a lost one still count: the last of them may say why the connection ended. */
  private receiveInOrder(): void {
    for (let answer = this.early.get(this.next); answer; answer = this.early.get(this.next)) {
      this.early.delete(this.next);
      this.next += 1;
      if (answer === LOST) this.end(ABNORMAL_CLOSURE, "");
      else if (answer === UNKNOWN) this.endUnknown();
      else this.receive(answer);
    }
  }

  /** A server that spoke before and does not know us now was replaced while no poll of ours heard its goodbye. */
  private endUnknown(): void {
    this.end(this.hasReceived ? CloseCode.Restarting : ABNORMAL_CLOSURE, "");
  }

  private receive(batch: Uint8Array): void {
    for (const piece of read(batch)) {
      if (!this.isOpen) return;
      if ("message" in piece) {
        this.hasReceived = true;
        this.events.received(piece.message);
      } else this.end(piece.code, piece.reason);
    }
  }

  /** Sends a request; undefined if it has no answer. Polls end with the transport; what is sent after that outlives the page. */
  private async ask(
    method: "GET" | "POST" | "DELETE",
    address: string,
    body: Uint8Array<ArrayBuffer> | undefined,
    tries: number,
  ): Promise<Answer | undefined> {
    const { signal } = this.polls;
    const keepalive = signal.aborted;
    const options = method === "GET" ? { signal } : { body, keepalive };
    let last: Answer | undefined;
    for (let left = tries; left > 0; left -= 1) {
      try {
        const response = await this.request(address, { method, cache: "no-store", ...options });
        const answer = await response.arrayBuffer();
        const type = response.headers.get("content-type") ?? "";
        last = { status: response.status, type, body: new Uint8Array(answer) };
        if (response.status < 500) return last;
      } catch {
        // No network, a proxy that cuts, or our own end.
        last = undefined;
        if (!keepalive && signal.aborted) return undefined;
      }
    }
    return last;
  }
}

/** The pieces of a batch. One that is truncated breaks the connection. */
function read(batch: Uint8Array): Piece[] {
  try {
    return [...pieces(batch)];
  } catch {
    return [{ code: ABNORMAL_CLOSURE, reason: "" }];
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
