//! The connection to the server as the game sees it: it opens, carries bytes, notices silence, and tries
//! again by itself until it is told to stop or the server says that trying is of no use.

import { mayRetry, retryDelayMs } from "./backoff.ts";

const SUBPROTOCOL = "driftbelt.1";
/** The server sends many times per second; this long without a byte means that the line is dead. */
const SILENCE_MS = 5000;
const CHECK_MS = 1000;
/** An attempt that has not opened by then is given up. */
const OPEN_MS = 8000;
/** Our own close codes. */
export const CloseCode = { undecodable: 4002, left: 4007, silence: 4009 } as const;

export interface LinkEvents {
  opened(): void;
  received(bytes: Uint8Array): void;
  /** The open connection is gone; another attempt follows. */
  lost(): void;
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
  private readonly online = () => this.tryNow();

  constructor(
    private readonly url: string,
    private readonly events: LinkEvents,
  ) {
    globalThis.addEventListener?.("online", this.online);
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

  /** Gives up this socket with a code of ours; another attempt follows. */
  drop(code: number, reason: string): void {
    const socket = this.socket;
    if (!socket) return;
    const wasOpen = socket.readyState === WebSocket.OPEN;
    this.forget();
    socket.close(code, reason);
    this.lose(wasOpen);
  }

  /** Closes for good. */
  stop(): void {
    globalThis.removeEventListener?.("online", this.online);
    clearTimeout(this.retry);
    this.retry = undefined;
    const socket = this.socket;
    this.forget();
    socket?.close(CloseCode.left, "left");
  }

  private connect(): void {
    this.retry = undefined;
    const socket = new WebSocket(this.url, SUBPROTOCOL);
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
      if (mayRetry(close.code)) this.lose(wasOpen);
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

  private lose(wasOpen: boolean): void {
    if (wasOpen) this.events.lost();
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
