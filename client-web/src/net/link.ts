//! The connection to the server as the game sees it. It opens, carries messages, detects silence, and reconnects until it is
//! stopped or the server says that retrying is useless. Where WebSockets are blocked it polls, and probes for a WebSocket.

import { CloseCode } from "../wasm/schema.ts";
import { mayRetry, retryDelayMs } from "./backoff.ts";
import { Ladder, type Reach } from "./ladder.ts";
import { openTransport } from "./transport/open.ts";
import { askWhy } from "./transport/refusal.ts";
import {
  ABNORMAL_CLOSURE,
  type ServerAddress,
  type Transport,
  type TransportKind,
} from "./transport/transport.ts";

/** The server sends many times per second: after this long without a message the connection is dead. */
const SILENCE_MS = 5000;
const CHECK_MS = 1000;
/** An attempt fails if it has not opened by then. */
const OPEN_MS = 8000;
/** When the network or the tab comes back, a connection that was silent for this long counts as dead. */
const STALE_MS = 1000;
/** Players of a server that is being replaced, or of a room that moves, reconnect spread over this time. */
const RESTART_SPREAD_MS = 150;
/** A connection that is lost again this soon after a silent reconnect counts as broken. */
const QUIET_MS = 5000;

export interface LinkEvents {
  /** Messages may be sent. If no connection was lost before, the link has moved to a better transport. */
  opened(): void;
  received(bytes: Uint8Array): void;
  /** The open connection ended with this code; another attempt follows. */
  lost(code: number, reason: string): void;
  /** The next attempt is made at `atMs` of `performance.now()`. */
  waiting(atMs: number): void;
  /** Why the server did not let the last attempt in; another one follows. */
  hindered(code: number, reason: string): void;
  /** The server refuses for good. */
  refused(code: number, reason: string): void;
}

/** `practice` stays in this tab. */
export type LinkKind = TransportKind | "practice";

/** What carries the messages of a match: the link to a server, or one to a room in this tab. */
export interface GameLink {
  /** Milliseconds since the last message. */
  readonly silentMs: number;
  readonly kind: LinkKind;
  /** Sends one message; it is dropped while the link is not open. */
  send(bytes: Uint8Array): void;
  /** Makes the waiting attempt now. */
  tryNow(): void;
  /** The client was accepted. */
  settled(): void;
  /** Closes this connection; another attempt follows. */
  drop(code: number, reason: string): void;
  /** Closes for good. */
  stop(): void;
}

export class Link implements GameLink {
  private readonly ladder = new Ladder();
  private transport: Transport | undefined;
  /** Whether the transport has delivered a message. */
  private hasReceived = false;
  /** A WebSocket that is tried while the transport polls. */
  private probe: Transport | undefined;
  private probing: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  /** When the link last reconnected without telling the player. */
  private quietAt = Number.NEGATIVE_INFINITY;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private check: ReturnType<typeof setInterval> | undefined;
  private stopped = false;
  /** The node of a fleet that we were sent to; the page's own server if there is none. */
  private node: ServerAddress | undefined;
  private receivedAt = 0;
  private checkedAt = 0;
  private readonly online = () => this.wake();
  private readonly visible = () => {
    if (!document.hidden) this.wake();
  };

  constructor(
    private readonly server: () => ServerAddress,
    private readonly events: LinkEvents,
  ) {
    globalThis.addEventListener?.("online", this.online);
    globalThis.document?.addEventListener("visibilitychange", this.visible);
    this.connect();
  }

  /** The transport in use, or last used. */
  get kind(): TransportKind {
    return this.transport?.kind ?? this.ladder.next;
  }

  /** Milliseconds since the last message. */
  get silentMs(): number {
    return performance.now() - this.receivedAt;
  }

  /** Sends one binary message. It is dropped while the link is not open: stale input would do harm. */
  send(bytes: Uint8Array): void {
    this.transport?.send(bytes);
  }

  /** Makes the waiting attempt now. */
  tryNow(): void {
    if (this.retry === undefined) return;
    clearTimeout(this.retry);
    this.connect();
  }

  /** The server accepted the client: the next loss is a first one. An open connection alone proves nothing. */
  settled(): void {
    this.attempt = 0;
    if (this.kind !== "websocket" && this.probing === undefined) this.probeLater();
  }

  /** The network or the tab is back. */
  private wake(): void {
    this.tryNow();
    if (this.transport?.isOpen && performance.now() - this.receivedAt > STALE_MS) {
      this.drop(CloseCode.Silence, "silence");
      this.tryNow();
    } else if (this.probing !== undefined && !this.probe) this.probeNow();
  }

  /** Closes this connection with a code of ours; another attempt follows. */
  drop(code: number, reason: string): void {
    const transport = this.transport;
    if (!transport) return;
    this.release();
    transport.close(code, reason);
    this.lose(transport, code, reason);
  }

  /** Closes for good. */
  stop(): void {
    this.stopped = true;
    globalThis.removeEventListener?.("online", this.online);
    globalThis.document?.removeEventListener("visibilitychange", this.visible);
    clearTimeout(this.retry);
    this.retry = undefined;
    const transport = this.transport;
    this.release();
    transport?.close(CloseCode.Left, "left");
  }

  private connect(): void {
    this.retry = undefined;
    this.adopt(this.open(this.ladder.next));
    this.check = setInterval(() => this.checkSilence(), CHECK_MS);
  }

  private open(kind: TransportKind): Transport {
    const transport = openTransport(kind, this.address(), {
      opened: () => this.opened(transport),
      received: (bytes) => this.received(bytes),
      closed: (code, reason) => this.closed(transport, code, reason),
    });
    return transport;
  }

  private address(): ServerAddress {
    const own = this.server();
    return this.node ? { url: this.node.url, room: own.room ?? this.node.room } : own;
  }

  private adopt(transport: Transport): void {
    this.transport = transport;
    this.hasReceived = false;
    this.receivedAt = performance.now();
    this.checkedAt = this.receivedAt;
  }

  private opened(transport: Transport): void {
    if (transport === this.probe) this.climb(transport);
    this.receivedAt = performance.now();
    this.events.opened();
  }

  private received(bytes: Uint8Array): void {
    this.receivedAt = performance.now();
    if (!this.hasReceived) this.ladder.worked(this.kind);
    this.hasReceived = true;
    this.events.received(bytes);
  }

  private closed(transport: Transport, code: number, reason: string): void {
    if (transport === this.probe) {
      this.probe = undefined;
      this.probeLater();
      return;
    }
    this.release();
    if (!mayRetry(code)) {
      this.refuse(code, reason);
      return;
    }
    if (transport.kind === "websocket" && !transport.reached && this.attempt === 0) void this.askWhy();
    this.lose(transport, code, reason);
  }

  private refuse(code: number, reason: string): void {
    this.stop();
    this.events.refused(code, reason);
  }

  /** A WebSocket did not open: the network may be at fault, or the server refuses it. */
  private async askWhy(): Promise<void> {
    const refusal = await askWhy(this.address(), (...asked) => fetch(...asked));
    if (!refusal || this.stopped || this.transport?.isOpen) return;
    if (mayRetry(refusal.code)) this.events.hindered(refusal.code, refusal.reason);
    else this.refuse(refusal.code, refusal.reason);
  }

  /** Drops a connection that has been silent for too long. */
  private checkSilence(): void {
    const now = performance.now();
    const slept = now - this.checkedAt > CHECK_MS * 2.5;
    this.checkedAt = now;
    if (slept) {
      // The tab was asleep, and messages may still be waiting to be delivered.
      this.receivedAt = now;
      return;
    }
    const limit = this.transport?.isOpen ? SILENCE_MS : OPEN_MS;
    if (now - this.receivedAt > limit) this.drop(CloseCode.Silence, "silence");
  }

  private probeLater(): void {
    clearTimeout(this.probing);
    this.probing = setTimeout(() => this.probeNow(), this.ladder.nextProbeMs());
  }

  /** Opens a WebSocket beside the polls, and closes it if it does not open in time. */
  private probeNow(): void {
    this.probe?.close(CloseCode.Left, "left");
    this.probe = this.open("websocket");
    clearTimeout(this.probing);
    this.probing = setTimeout(() => {
      this.probe?.close(CloseCode.Left, "left");
      this.probe = undefined;
      this.probeLater();
    }, OPEN_MS);
  }

  /** Moves from polls to the WebSocket, where the session is resumed. */
  private climb(socket: Transport): void {
    const polls = this.transport;
    this.probe = undefined;
    this.endProbes();
    this.ladder.climbed();
    this.adopt(socket);
    polls?.close(CloseCode.Left, "left");
  }

  private endProbes(): void {
    clearTimeout(this.probing);
    this.probing = undefined;
    this.probe?.close(CloseCode.Left, "left");
    this.probe = undefined;
  }

  private lose(transport: Transport, code: number, reason: string): void {
    const { kind, reached } = transport;
    const byServer = reached && code !== ABNORMAL_CLOSURE && code !== CloseCode.Silence;
    const reach: Reach = this.hasReceived || byServer ? "messages" : reached ? "server" : "nowhere";
    this.ladder.ended(kind, reach);
    if (reached) this.events.lost(code, reason);
    const node = code === CloseCode.Moved ? nodeIn(reason) : undefined;
    // A node that does not answer may be gone: every other one knows where the room is.
    if (node || !reached || code === CloseCode.Moved) this.node = node;
    if (this.ladder.next !== kind && this.ladder.next !== "websocket") {
      // The transport is at fault, not the server.
      this.retry = setTimeout(() => this.connect());
      return;
    }
    const now = performance.now();
    const returns = code === CloseCode.Restarting || node !== undefined;
    const harmless = returns || code === CloseCode.SeatGone;
    if (reached && harmless && now - this.quietAt > QUIET_MS) {
      // The network is fine: no reason to wait, or to tell the player.
      this.quietAt = now;
      const spread = returns ? Math.random() * RESTART_SPREAD_MS : 0;
      this.retry = setTimeout(() => this.connect(), spread);
      return;
    }
    const delay = retryDelayMs(this.attempt, Math.random());
    this.attempt += 1;
    this.retry = setTimeout(() => this.connect(), delay);
    this.events.waiting(now + delay);
  }

  private release(): void {
    clearInterval(this.check);
    this.endProbes();
    this.transport = undefined;
  }
}

/** The server, and the room if it names one, to which the reason of a close sends us. */
function nodeIn(reason: string): ServerAddress | undefined {
  const url = URL.parse(reason);
  if (!url || !["http:", "https:"].includes(url.protocol)) return undefined;
  const room = url.searchParams.get("room") ?? undefined;
  return { url: url.origin + url.pathname.replace(/\/*$/, "/"), room };
}
