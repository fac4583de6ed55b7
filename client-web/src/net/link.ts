//! The connection to the server as the game sees it: it opens, carries bytes, notices silence, and tries
//! again by itself until it is told to stop or the server says that trying is of no use.

import { mayRetry, retryDelayMs } from "./backoff.ts";

const SUBPROTOCOL = "driftbelt.2";
/** The server sends many times per second; this long without a byte means that the line is dead. */
const SILENCE_MS = 5000;
const CHECK_MS = 1000;
/** An attempt that has not opened by then is given up. */
const OPEN_MS = 8000;
/** When the network changes, a line that has been silent for this long is taken for dead. */
const STALE_MS = 1000;
/** A server that is being replaced is back within a moment; its players come back spread over this long. */
const RESTART_SPREAD_MS = 150;
/** Close codes that mean something to this side; 4002, 4007 and 4009 are our own words. */
export const CloseCode = {
  restarting: 1012,
  undecodable: 4002,
  left: 4007,
  silence: 4009,
  seatGone: 4010,
} as const;

export interface LinkEvents {
  opened(): void;
  received(bytes: Uint8Array): void;
  /** The open connection is gone, with this code; another attempt follows. */
  lost(code: number): void;
  /** The next attempt is made at `atMs` of `performance.now()`. */
  waiting(atMs: number): void;
  /** The server closed for good. */
  refused(code: number, reason: string): void;
}

/** The address of the game socket beside the page, for a room or for any room. */
export function socketUrl(page: { protocol: string; host: string }, room: string | undefined): string {
  const scheme = page.protocol === "https:" ? "wss" : "ws";
  const query = room === undefined ? "" : `?room=${encodeURIComponent(room)}`;
  return `${scheme}://${page.host}/ws${query}`;
}

export class Link {
  private socket: WebSocket | undefined;
  private attempt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private check: ReturnType<typeof setInterval> | undefined;
  private heardAt = 0;
  private checkedAt = 0;
  private readonly online = () => this.wake();
  private readonly visible = () => {
    if (!document.hidden) this.wake();
  };

  constructor(
    private readonly url: () => string,
    private readonly events: LinkEvents,
  ) {
    globalThis.addEventListener?.("online", this.online);
    globalThis.document?.addEventListener("visibilitychange", this.visible);
    this.connect();
  }

  /** Sends one binary message; dropped when the line is not open, for nothing old may arrive late. */
  send(bytes: Uint8Array): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(bytes as Uint8Array<ArrayBuffer>);
  }

  /** Makes the waiting attempt at once. */
  tryNow(): void {
    if (this.retry === undefined) return;
    clearTimeout(this.retry);
    this.connect();
  }

  /** The server took us in: the next loss is a first one. A socket that only opens proves nothing. */
  settled(): void {
    this.attempt = 0;
  }

  /** The network or the tab is back: makes the waiting attempt at once, and gives up a line that has gone silent. */
  private wake(): void {
    this.tryNow();
    const open = this.socket?.readyState === WebSocket.OPEN;
    if (open && performance.now() - this.heardAt > STALE_MS) {
      this.drop(CloseCode.silence, "silence");
      this.tryNow();
    }
  }

  /** Gives up this socket with a code of ours; another attempt follows. */
  drop(code: number, reason: string): void {
    const socket = this.socket;
    if (!socket) return;
    const wasOpen = socket.readyState === WebSocket.OPEN;
    this.forget();
    socket.close(code, reason);
    this.lose(wasOpen, code);
  }

  /** Closes for good. */
  stop(): void {
    globalThis.removeEventListener?.("online", this.online);
    globalThis.document?.removeEventListener("visibilitychange", this.visible);
    clearTimeout(this.retry);
    this.retry = undefined;
    const socket = this.socket;
    this.forget();
    socket?.close(CloseCode.left, "left");
  }

  private connect(): void {
    this.retry = undefined;
    const socket = new WebSocket(this.url(), SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heardAt = performance.now();
    this.checkedAt = this.heardAt;
    let wasOpen = false;
    socket.onopen = () => {
      wasOpen = true;
      this.heardAt = performance.now();
      this.events.opened();
    };
    socket.onmessage = (message) => {
      this.heardAt = performance.now();
      if (message.data instanceof ArrayBuffer) this.events.received(new Uint8Array(message.data));
    };
    socket.onclose = (close) => {
      this.forget();
      if (mayRetry(close.code)) this.lose(wasOpen, close.code);
      else this.events.refused(close.code, close.reason);
    };
    this.check = setInterval(() => this.listen(), CHECK_MS);
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
    const limit = this.socket?.readyState === WebSocket.OPEN ? SILENCE_MS : OPEN_MS;
    if (now - this.heardAt > limit) this.drop(CloseCode.silence, "silence");
  }

  private lose(wasOpen: boolean, code: number): void {
    if (wasOpen) this.events.lost(code);
    if (wasOpen && (code === CloseCode.restarting || code === CloseCode.seatGone)) {
      // Nothing is wrong with the line: no reason to wait, or to tell the player.
      const spread = code === CloseCode.restarting ? Math.random() * RESTART_SPREAD_MS : 0;
      this.retry = setTimeout(() => this.connect(), spread);
      return;
    }
    const delay = retryDelayMs(this.attempt, Math.random());
    this.attempt += 1;
    this.retry = setTimeout(() => this.connect(), delay);
    this.events.waiting(performance.now() + delay);
  }

  /** Lets go of the socket, so that nothing it says later is heard. */
  private forget(): void {
    clearInterval(this.check);
    if (!this.socket) return;
    this.socket.onopen = null;
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket = undefined;
  }
}
