//! The connection to the server as the game sees it: it opens, carries bytes, notices silence, and tries
//! again by itself until it is told to stop or the server says that trying is of no use. Where no WebSocket passes it
//! polls, until one does.

import { mayRetry, retryDelayMs } from "./backoff.ts";
import { Ladder, type Reach } from "./ladder.ts";
import {
  BROKEN,
  openTransport,
  type Place,
  RESTARTING,
  type Transport,
  type TransportKind,
} from "./transport/transport.ts";

/** The server sends many times per second; this long without a byte means that the line is dead. */
const SILENCE_MS = 5000;
const CHECK_MS = 1000;
/** An attempt that has not opened by then is given up. */
const OPEN_MS = 8000;
/** When the network changes, a line that has been silent for this long is taken for dead. */
const STALE_MS = 1000;
/** A server that is being replaced is back within a moment; its players come back spread over this long. */
const RESTART_SPREAD_MS = 150;
/** A line that is lost again so soon after it was come back to is not lost for a reason that needs no word. */
const QUIET_MS = 5000;
/** Close codes that mean something to this side; 4002, 4007 and 4009 are our own words. */
export const CloseCode = {
  restarting: RESTARTING,
  undecodable: 4002,
  left: 4007,
  silence: 4009,
  seatGone: 4010,
} as const;

export interface LinkEvents {
  /** Messages may be sent. When nothing was lost before, the link has moved to a better transport. */
  opened(): void;
  received(bytes: Uint8Array): void;
  /** The open connection is gone, with this code; another attempt follows. */
  lost(code: number): void;
  /** The next attempt is made at `atMs` of `performance.now()`. */
  waiting(atMs: number): void;
  /** The server closed for good. */
  refused(code: number, reason: string): void;
}

export class Link {
  private readonly ladder = new Ladder();
  private transport: Transport | undefined;
  /** Whether the transport has brought a message. */
  private heard = false;
  /** A WebSocket on trial while the transport polls. */
  private probe: Transport | undefined;
  private probing: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  /** When the line was last come back to without a word. */
  private quietAt = Number.NEGATIVE_INFINITY;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private check: ReturnType<typeof setInterval> | undefined;
  private heardAt = 0;
  private checkedAt = 0;
  private readonly online = () => this.wake();
  private readonly visible = () => {
    if (!document.hidden) this.wake();
  };

  constructor(
    private readonly place: () => Place,
    private readonly events: LinkEvents,
  ) {
    globalThis.addEventListener?.("online", this.online);
    globalThis.document?.addEventListener("visibilitychange", this.visible);
    this.connect();
  }

  /** What carries the messages now, or last did. */
  get kind(): TransportKind {
    return this.transport?.kind ?? this.ladder.next;
  }

  /** Sends one binary message; dropped when the line is not open, for nothing old may arrive late. */
  send(bytes: Uint8Array): void {
    this.transport?.send(bytes);
  }

  /** Makes the waiting attempt at once. */
  tryNow(): void {
    if (this.retry === undefined) return;
    clearTimeout(this.retry);
    this.connect();
  }

  /** The server took us in: the next loss is a first one. A line that only opens proves nothing. */
  settled(): void {
    this.attempt = 0;
    if (this.kind !== "websocket" && this.probing === undefined) this.probeLater();
  }

  /** The network or the tab is back: makes the waiting attempt at once, and gives up a line that has gone silent. */
  private wake(): void {
    this.tryNow();
    if (this.transport?.isOpen && performance.now() - this.heardAt > STALE_MS) {
      this.drop(CloseCode.silence, "silence");
      this.tryNow();
    } else if (this.probing !== undefined && !this.probe) this.probeNow();
  }

  /** Gives up this line with a code of ours; another attempt follows. */
  drop(code: number, reason: string): void {
    const transport = this.transport;
    if (!transport) return;
    this.forget();
    transport.close(code, reason);
    this.lose(transport, code);
  }

  /** Closes for good. */
  stop(): void {
    globalThis.removeEventListener?.("online", this.online);
    globalThis.document?.removeEventListener("visibilitychange", this.visible);
    clearTimeout(this.retry);
    this.retry = undefined;
    const transport = this.transport;
    this.forget();
    transport?.close(CloseCode.left, "left");
  }

  private connect(): void {
    this.retry = undefined;
    this.adopt(this.open(this.ladder.next));
    this.check = setInterval(() => this.listen(), CHECK_MS);
  }

  private open(kind: TransportKind): Transport {
    const transport = openTransport(kind, this.place(), {
      opened: () => this.opened(transport),
      received: (bytes) => this.received(bytes),
      closed: (code, reason) => this.closed(transport, code, reason),
    });
    return transport;
  }

  private adopt(transport: Transport): void {
    this.transport = transport;
    this.heard = false;
    this.heardAt = performance.now();
    this.checkedAt = this.heardAt;
  }

  private opened(transport: Transport): void {
    if (transport === this.probe) this.climb(transport);
    this.heardAt = performance.now();
    this.events.opened();
  }

  private received(bytes: Uint8Array): void {
    this.heardAt = performance.now();
    if (!this.heard) this.ladder.heard(this.kind);
    this.heard = true;
    this.events.received(bytes);
  }

  private closed(transport: Transport, code: number, reason: string): void {
    if (transport === this.probe) {
      this.probe = undefined;
      this.probeLater();
      return;
    }
    this.forget();
    if (mayRetry(code)) this.lose(transport, code);
    else this.events.refused(code, reason);
  }

  /** The heartbeat: closes a line on which nothing has come for too long. */
  private listen(): void {
    const now = performance.now();
    const slept = now - this.checkedAt > CHECK_MS * 2.5;
    this.checkedAt = now;
    if (slept) {
      // The tab was asleep, and so were the messages: give them time to be delivered.
      this.heardAt = now;
      return;
    }
    const limit = this.transport?.isOpen ? SILENCE_MS : OPEN_MS;
    if (now - this.heardAt > limit) this.drop(CloseCode.silence, "silence");
  }

  private probeLater(): void {
    clearTimeout(this.probing);
    this.probing = setTimeout(() => this.probeNow(), this.ladder.nextProbeMs());
  }

  /** Opens a WebSocket beside the polls. One that does not open is given up when the next look is due. */
  private probeNow(): void {
    this.probe?.close(CloseCode.left, "left");
    this.probe = this.open("websocket");
    clearTimeout(this.probing);
    this.probing = setTimeout(() => {
      this.probe?.close(CloseCode.left, "left");
      this.probe = undefined;
      this.probeLater();
    }, OPEN_MS);
  }

  /** Goes on over the WebSocket: the session is resumed there. */
  private climb(socket: Transport): void {
    const polls = this.transport;
    this.probe = undefined;
    this.endProbes();
    this.ladder.climbs();
    this.adopt(socket);
    polls?.close(CloseCode.left, "left");
  }

  private endProbes(): void {
    clearTimeout(this.probing);
    this.probing = undefined;
    this.probe?.close(CloseCode.left, "left");
    this.probe = undefined;
  }

  private lose(transport: Transport, code: number): void {
    const { kind, reached } = transport;
    // A close code of the server is a message too.
    const said = this.heard || (reached && code !== BROKEN && code !== CloseCode.silence);
    const reach: Reach = said ? "messages" : reached ? "server" : "nowhere";
    this.ladder.ended(kind, reach);
    if (reached) this.events.lost(code);
    if (this.ladder.next !== kind && this.ladder.next !== "websocket") {
      // What is wrong is the transport, not the server.
      this.retry = setTimeout(() => this.connect());
      return;
    }
    const now = performance.now();
    const harmless = code === CloseCode.restarting || code === CloseCode.seatGone;
    if (reached && harmless && now - this.quietAt > QUIET_MS) {
      // Nothing is wrong with the line: no reason to wait, or to tell the player.
      this.quietAt = now;
      const spread = code === CloseCode.restarting ? Math.random() * RESTART_SPREAD_MS : 0;
      this.retry = setTimeout(() => this.connect(), spread);
      return;
    }
    const delay = retryDelayMs(this.attempt, Math.random());
    this.attempt += 1;
    this.retry = setTimeout(() => this.connect(), delay);
    this.events.waiting(now + delay);
  }

  /** Lets go of the line. */
  private forget(): void {
    clearInterval(this.check);
    this.endProbes();
    this.transport = undefined;
  }
}
