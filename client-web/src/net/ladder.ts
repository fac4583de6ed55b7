//! Which transport the next attempt takes: a WebSocket, else long polls, else short ones; and how soon a client that
//! polls looks whether a WebSocket passes by now.

import type { TransportKind } from "./transport/transport.ts";

/** A WebSocket gets so many attempts before the network is thought to block it. */
const UPGRADE_TRIES = 3;
const FIRST_PROBE_MS = 2000;
const LONGEST_PROBE_MS = 120_000;

/** How far an attempt got before it ended. */
export type Reach = "nowhere" | "server" | "messages";

export class Ladder {
  private rung: TransportKind = "websocket";
  private triesLeft = UPGRADE_TRIES;
  private probes = 0;

  /** The transport of the next attempt. */
  get next(): TransportKind {
    return this.rung;
  }

  /** Messages come: a WebSocket that carries them is not blocked. */
  heard(kind: TransportKind): void {
    this.rung = kind;
    this.triesLeft = UPGRADE_TRIES;
    if (kind === "websocket") this.probes = 0;
  }

  /** A client that polls tries a WebSocket, which must prove itself at once. */
  climbs(): void {
    this.triesLeft = 1;
  }

  /** An attempt has ended by itself. What has carried messages gets another one. */
  ended(kind: TransportKind, reach: Reach): void {
    if (reach === "messages") return;
    if (kind === "websocket") {
      this.triesLeft -= 1;
      this.rung = this.triesLeft > 0 ? "websocket" : "long-poll";
    } else {
      // Polls that are not answered may be held up because they wait; without a server, nothing is learned.
      this.rung = kind === "long-poll" && reach === "server" ? "short-poll" : "websocket";
      this.triesLeft = UPGRADE_TRIES;
    }
  }

  /** How long to wait before the next look. */
  nextProbeMs(): number {
    const delay = Math.min(LONGEST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(this.probes, 30));
    this.probes += 1;
    return delay;
  }
}
