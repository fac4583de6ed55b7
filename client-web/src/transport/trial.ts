//! One transport on trial: a real player of the game over it, whose ship drifts, and what that costs.

import { signal } from "@preact/signals";
import type { Client, Core, CoreState } from "../core.ts";
import { openTransport, type Place, type Transport, type TransportKind } from "../net/transport/transport.ts";
import { median, RateMeter, type Rates } from "./rates.ts";

const STEP_MS = 33;
const SHOW_MS = 500;
/** A transport that has ended, or brings nothing, is opened again. */
const RETRY_MS = 5000;
/** Pings go once per second. */
const LATENCIES = 60;

export interface Reading {
  status: "opening" | "running" | "failed";
  /** The median and all newest round trips, oldest first. */
  latencyMs: number | undefined;
  latenciesMs: readonly number[];
  rates: Rates | undefined;
}

export class Trial {
  readonly reading = signal<Reading>({
    status: "opening",
    latencyMs: undefined,
    latenciesMs: [],
    rates: undefined,
  });
  private transport: Transport | undefined;
  private client: Client | undefined;
  private meter = new RateMeter();
  private latencies: number[] = [];
  private roundTrips = 0;
  private heardAt = 0;

  constructor(
    private readonly core: Core,
    readonly kind: TransportKind,
    private readonly place: Place,
  ) {
    this.begin();
    setInterval(() => this.step(), STEP_MS);
    setInterval(() => this.show(), SHOW_MS);
  }

  state(): CoreState | undefined {
    return this.client?.state(performance.now());
  }

  /** Leaves the room. */
  leave(): void {
    this.client?.leave();
    this.transmit();
    this.transport?.close(1000, "");
  }

  private begin(): void {
    const client = this.core.client(this.kind, this.place.room);
    this.client?.free();
    this.client = client;
    this.meter = new RateMeter();
    this.roundTrips = 0;
    this.heardAt = performance.now();
    const transport = openTransport(this.kind, this.place, {
      opened: () => {
        client.opened(performance.now());
        this.transmit();
      },
      received: (message) => this.receive(message),
      closed: () => {
        this.transport = undefined;
        this.fail();
      },
    });
    this.transport = transport;
  }

  private receive(message: Uint8Array): void {
    if (!this.client || !this.transport) return;
    this.heardAt = performance.now();
    try {
      this.client.received(message, performance.now());
    } catch {
      // Only a server of another version says what cannot be read.
      this.transport.close(4002, "undecodable message");
      this.transport = undefined;
      this.fail();
      return;
    }
    while (this.client.pollNotice());
    this.transmit();
  }

  private step(): void {
    const now = performance.now();
    if (this.transport && now - this.heardAt > RETRY_MS) {
      this.transport.close(4009, "silence");
      this.transport = undefined;
      this.fail();
    }
    if (!this.transport && now - this.heardAt > RETRY_MS) this.begin();
    this.client?.advance(now);
    this.transmit();
    this.listen();
  }

  private transmit(): void {
    for (let bytes = this.client?.pollTransmit(); bytes; bytes = this.client?.pollTransmit())
      this.transport?.send(bytes);
  }

  private listen(): void {
    const graph = this.client?.netGraph(performance.now());
    if (!graph || graph.roundTrips === this.roundTrips) return;
    this.roundTrips = graph.roundTrips;
    this.latencies = [...this.latencies, graph.newestRttMs].slice(-LATENCIES);
  }

  private fail(): void {
    this.client?.closed(performance.now());
    this.heardAt = performance.now();
    this.latencies = [];
    this.reading.value = { status: "failed", latencyMs: undefined, latenciesMs: [], rates: undefined };
  }

  private show(): void {
    if (!this.transport) return;
    const rates = this.meter.update(this.transport.counts, performance.now());
    const running = this.roundTrips > 0;
    if (!running && this.reading.value.status === "failed") return;
    this.reading.value = {
      status: running ? "running" : "opening",
      latencyMs: median(this.latencies),
      latenciesMs: this.latencies,
      rates: running ? rates : undefined,
    };
  }
}
