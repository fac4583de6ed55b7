//! Which transport the next attempt uses: a WebSocket, else long polls, else short ones; and when a polling client tries a
//! WebSocket again.

import type { TransportKind } from "./transport/transport.ts";

/** Failed attempts after which the network is assumed to block WebSockets. */
const WEBSOCKET_TRIES = 3;
const FIRST_PROBE_MS = 2000;
const LONGEST_PROBE_MS = 120_000;

/** How far an attempt got before it ended. */
export type Reach = "nowhere" | "server" | "messages";

export class Ladder {
  private rung: TransportKind = "websocket";
  private triesLeft = WEBSOCKET_TRIES;
  private probes = 0;

  /** The transport of the next attempt. */
  get next(): TransportKind {
    return this.rung;
  }

  /** A transport has carried messages: it is not blocked. */
  worked(kind: TransportKind): void {
    this.rung = kind;
    this.triesLeft = WEBSOCKET_TRIES;
    if (kind === "websocket") this.probes = 0;
  }

  /** A polling client moves to a WebSocket that has opened: it gets one try. */
  climbed(): void {
    this.triesLeft = 1;
  }

  /** An attempt has ended. A transport that has carried messages gets another one. */
  ended(kind: TransportKind, reach: Reach): void {
    if (reach === "messages") return;
    if (kind === "websocket") {
      this.triesLeft -= 1;
      this.rung = this.triesLeft > 0 ? "websocket" : "long-poll";
    } else {
      // Something on the way may hold back requests that wait. Without a server, nothing is learned.
      this.rung = kind === "long-poll" && reach === "server" ? "short-poll" : "websocket";
      this.triesLeft = WEBSOCKET_TRIES;
    }
  }

  /** Milliseconds before the next probe. */
  nextProbeMs(): number {
    const delay = Math.min(LONGEST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(this.probes, 30));
    this.probes += 1;
    return delay;
  }
}
