//! One way to the server: it carries messages in order, as bytes. The link above does not know which way it is.

import { Polling } from "./polling.ts";
import { WebSocketTransport } from "./websocket.ts";

export const PROTOCOL_VERSION = 2;
/** The close code of a transport that broke without one (RFC 6455 §7.1.5). */
export const BROKEN = 1006;
/** The close code of a server that another one follows at once (RFC 6455 §7.4.1 and its registry). */
export const RESTARTING = 1012;

/** From the best to the last resort. */
export const TRANSPORTS = ["websocket", "long-poll", "short-poll"] as const;
export type TransportKind = (typeof TRANSPORTS)[number];

/** Where the game is: the page's own server, and a room of it or any. */
export interface Place {
  protocol: string;
  host: string;
  room: string | undefined;
}

export interface TransportEvents {
  /** Messages may be sent. */
  opened(): void;
  received(message: Uint8Array): void;
  /** It has ended: with the server's code, with 1012 if a server that had spoken knows nothing of it any more, or else with 1006. */
  closed(code: number, reason: string): void;
}

/** What went over the wire so far. What a browser does not tell about its requests is estimated. */
export interface Counts {
  requests: number;
  messages: number;
  /** Bytes of messages. */
  payloadBytes: number;
  /** Bytes of everything around them: headers and framing. */
  overheadBytes: number;
}

export interface Transport {
  readonly kind: TransportKind;
  /** Whether messages may be sent. */
  readonly isOpen: boolean;
  /** Whether the server has ever answered. */
  readonly reached: boolean;
  readonly counts: Readonly<Counts>;
  /** Sends a message; dropped while it is not open. */
  send(message: Uint8Array): void;
  /** Ends it with a code of ours. Nothing is heard of it any more. */
  close(code: number, reason: string): void;
}

/** Begins to open a transport. Its events come later, never from within. */
export function openTransport(kind: TransportKind, place: Place, events: TransportEvents): Transport {
  return kind === "websocket" ? new WebSocketTransport(place, events) : new Polling(kind, place, events);
}
