//! A trial of one transport: a player of the game over it, whose ship drifts, and what that costs.

import { signal } from "@preact/signals";
import type { Client, ClientState, Core } from "../core/core.ts";
import { mayRetry } from "../net/backoff.ts";
import type { ServerAddress, TransportKind } from "../net/transport/transport.ts";
import { CloseCode } from "../wasm/schema.ts";
import { type CountedTransport, openCounted } from "./counting.ts";
import { median, RateMeter, type Rates } from "./rates.ts";

const STEP_MS = 33;
const SHOW_MS = 500;
/** A transport that has ended, or delivers nothing, is opened again after this time. */
const RETRY_MS = 5000;
/** Round trips shown: there is one ping per second. */
const LATENCIES = 60;

export interface Measurement {
  status: "opening" | "running" | "failed" | "refused";
  /** Why the server refuses. */
  reason: string;
  /** The median of `latenciesMs`. */
  latencyMs: number | undefined;
  /** The newest round trips, oldest first. */
  latenciesMs: readonly number[];
  rates: Rates | undefined;
}

const NOTHING = { reason: "", latencyMs: undefined, latenciesMs: [], rates: undefined } as const;

export class Trial {
  readonly measurement = signal<Measurement>({ status: "opening", ...NOTHING });
  private counted: CountedTransport | undefined;
  private client: Client;
  private meter = new RateMeter();
  private latencies: number[] = [];
  private roundTrips = 0;
  private receivedAt = 0;
  private readonly timers: readonly ReturnType<typeof setInterval>[];

  constructor(
    private readonly core: Core,
    readonly kind: TransportKind,
    private readonly server: ServerAddress,
  ) {
    this.client = this.start();
    this.timers = [setInterval(() => this.step(), STEP_MS), setInterval(() => this.show(), SHOW_MS)];
  }

  state(): ClientState {
    return this.client.state(performance.now());
  }

  /** Leaves the room. */
  leave(): void {
    this.client.leave();
    this.transmit();
    this.counted?.transport.close(CloseCode.Left, "left");
  }

  private start(): Client {
    const client = this.core.client(this.kind, this.server.room, 0, (panic) => this.refuse(panic.message));
    this.meter = new RateMeter();
    this.roundTrips = 0;
    this.receivedAt = performance.now();
    this.counted = openCounted(this.kind, this.server, {
      opened: () => {
        client.opened(performance.now());
        this.transmit();
      },
      received: (message) => this.receive(message),
      closed: (code, reason) => {
        this.fail();
        if (!mayRetry(code)) this.refuse(reason);
      },
    });
    return client;
  }

  private receive(message: Uint8Array): void {
    this.receivedAt = performance.now();
    try {
      this.client.received(message, performance.now());
    } catch {
      // The server speaks another version.
      this.drop(CloseCode.ClientCouldNotRead, "undecodable message");
      return;
    }
    while (this.client.pollNotice());
    this.transmit();
  }

  private step(): void {
    const now = performance.now();
    if (now - this.receivedAt > RETRY_MS) {
      if (this.counted) this.drop(CloseCode.Silence, "silence");
      else {
        this.client.free();
        this.client = this.start();
      }
    }
    this.client.advance(now, 0, 0);
    this.transmit();
    this.readLatency();
  }

  private transmit(): void {
    for (let bytes = this.client.pollTransmit(); bytes; bytes = this.client.pollTransmit())
      this.counted?.transport.send(bytes);
  }

  private readLatency(): void {
    if (this.measurement.value.status === "refused") return;
    const graph = this.client.netGraph();
    if (graph.roundTrips === this.roundTrips) return;
    this.roundTrips = graph.roundTrips;
    this.latencies = [...this.latencies, graph.newestRttMs].slice(-LATENCIES);
  }

  private drop(code: number, reason: string): void {
    this.counted?.transport.close(code, reason);
    this.fail();
  }

  private fail(): void {
    this.counted = undefined;
    this.client.closed();
    this.receivedAt = performance.now();
    this.latencies = [];
    this.measurement.value = { status: "failed", ...NOTHING };
  }

  /** Another attempt cannot help. */
  private refuse(reason: string): void {
    for (const timer of this.timers) clearInterval(timer);
    this.measurement.value = { status: "refused", ...NOTHING, reason };
  }

  private show(): void {
    if (!this.counted) return;
    const rates = this.meter.update(this.counted.counts, performance.now());
    const running = this.roundTrips > 0;
    if (!running && this.measurement.value.status === "failed") return;
    this.measurement.value = {
      status: running ? "running" : "opening",
      latencyMs: median(this.latencies),
      latenciesMs: this.latencies,
      reason: "",
      rates: running ? rates : undefined,
    };
  }
}
