//! What a transport is: it carries messages to the server and back, in order. The link above does not know which one it has.

/** The close code of a connection that broke without one (RFC 6455 §7.1.5). */
export const ABNORMAL_CLOSURE = 1006;

/** From the best to the last resort. */
export const TRANSPORTS = ["websocket", "long-poll", "short-poll"] as const;
export type TransportKind = (typeof TRANSPORTS)[number];

/** The page's own server, and one of its rooms; without a room, any. */
export interface ServerAddress {
  /** The URL of its root, with a slash at the end. */
  url: string;
  room: string | undefined;
  /** The mode to play; without one, the usual one. */
  mode?: string | undefined;
}

/** What of it goes into a query, without the first sign. */
export function queryOf({ room, mode }: ServerAddress): string {
  const asked = Object.entries({ room, mode }).filter(([, value]) => value !== undefined);
  return asked.map(([key, value]) => `${key}=${encodeURIComponent(value ?? "")}`).join("&");
}

export interface TransportEvents {
  /** Messages may be sent. */
  opened(): void;
  received(message: Uint8Array): void;
  /** It has ended, with the server's close code or with 1006. */
  closed(code: number, reason: string): void;
}

export interface Transport {
  readonly kind: TransportKind;
  /** Whether messages may be sent. */
  readonly isOpen: boolean;
  /** Whether the server has ever answered. */
  readonly reached: boolean;
  /** Sends a message; dropped while the transport is not open. */
  send(message: Uint8Array): void;
  /** Closes with a code of ours. No event follows. */
  close(code: number, reason: string): void;
}
