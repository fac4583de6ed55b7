//! Opens a transport of a kind.

import { Polling } from "./polling.ts";
import type { ServerAddress, Transport, TransportEvents, TransportKind } from "./transport.ts";
import { WebSocketTransport } from "./websocket.ts";

/** Starts to open a transport. Its events come later, never from within. Polls go through `request`. */
export function openTransport(
  kind: TransportKind,
  server: ServerAddress,
  events: TransportEvents,
  request: typeof fetch = (...asked) => fetch(...asked),
): Transport {
  return kind === "websocket"
    ? new WebSocketTransport(server, events)
    : new Polling(kind, server, events, request);
}
