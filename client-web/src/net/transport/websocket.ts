//! The transport of choice: one WebSocket, one message per frame.

import {
  type Counts,
  type Place,
  PROTOCOL_VERSION,
  type Transport,
  type TransportEvents,
} from "./transport.ts";

/** Bytes of the mask in each frame of a client (RFC 6455 §5.3). */
const MASK_BYTES = 4;

/** The address of the game socket beside the page, for a room or for any room. */
export function socketUrl(place: Place): string {
  const scheme = place.protocol === "https:" ? "wss" : "ws";
  const query = place.room === undefined ? "" : `?room=${encodeURIComponent(place.room)}`;
  return `${scheme}://${place.host}/ws${query}`;
}

export class WebSocketTransport implements Transport {
  readonly kind = "websocket";
  readonly counts: Counts = { requests: 1, messages: 0, payloadBytes: 0, overheadBytes: 0 };
  reached = false;
  private readonly socket: WebSocket;

  constructor(place: Place, events: TransportEvents) {
    const socket = new WebSocket(socketUrl(place), `driftbelt.${PROTOCOL_VERSION}`);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.reached = true;
      events.opened();
    };
    socket.onmessage = ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return;
      this.count(data.byteLength, 0);
      events.received(new Uint8Array(data));
    };
    socket.onclose = ({ code, reason }) => {
      this.forget();
      events.closed(code, reason);
    };
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(message: Uint8Array): void {
    if (!this.isOpen) return;
    this.count(message.length, MASK_BYTES);
    this.socket.send(message as Uint8Array<ArrayBuffer>);
  }

  close(code: number, reason: string): void {
    this.forget();
    this.socket.close(code, reason);
  }

  private count(bytes: number, maskBytes: number): void {
    const lengthBytes = bytes < 126 ? 0 : bytes < 65_536 ? 2 : 8;
    this.counts.messages += 1;
    this.counts.payloadBytes += bytes;
    this.counts.overheadBytes += 2 + lengthBytes + maskBytes;
  }

  private forget(): void {
    this.socket.onopen = null;
    this.socket.onmessage = null;
    this.socket.onclose = null;
  }
}
