//! The preferred transport: one WebSocket, one message per frame.

import { attempt } from "../../browser/capability.ts";
import { PROTOCOL_VERSION } from "../../wasm/schema.ts";
import {
  ABNORMAL_CLOSURE,
  queryOf,
  type ServerAddress,
  type Transport,
  type TransportEvents,
} from "./transport.ts";

/** `WebSocket.OPEN`; a browser may have no `WebSocket`. */
const OPEN = 1;

/** The address of the game socket beside the page. */
export function socketUrl(server: ServerAddress): string {
  const query = queryOf(server);
  return `${server.url.replace(/^http/, "ws")}ws${query && `?${query}`}`;
}

export class WebSocketTransport implements Transport {
  readonly kind = "websocket";
  reached = false;
  private readonly socket: WebSocket | undefined;

  constructor(server: ServerAddress, events: TransportEvents) {
    const open = () => new WebSocket(socketUrl(server), `driftbelt.${PROTOCOL_VERSION}`);
    const socket = attempt("WebSocket", open, undefined);
    this.socket = socket;
    if (!socket) {
      queueMicrotask(() => events.closed(ABNORMAL_CLOSURE, ""));
      return;
    }
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.reached = true;
      events.opened();
    };
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) events.received(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => {
      this.removeListeners();
      events.closed(code, reason);
    };
  }

  get isOpen(): boolean {
    return this.socket?.readyState === OPEN;
  }

  send(message: Uint8Array): void {
    if (this.isOpen) this.socket?.send(message as Uint8Array<ArrayBuffer>);
  }

  close(code: number, reason: string): void {
    this.removeListeners();
    this.socket?.close(code, reason);
  }

  private removeListeners(): void {
    if (!this.socket) return;
    this.socket.onopen = null;
    this.socket.onmessage = null;
    this.socket.onclose = null;
  }
}
