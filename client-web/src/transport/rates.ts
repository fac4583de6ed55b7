//! Rates over the last seconds, from totals.

import type { Counts } from "./counting.ts";

const WINDOW_MS = 5000;

export interface Rates {
  requestsPerSecond: number;
  messagesPerSecond: number;
  payloadBytesPerMessage: number;
  overheadBytesPerMessage: number;
  bytesPerSecond: number;
}

export class RateMeter {
  private readonly samples: { atMs: number; counts: Counts }[] = [];

  /** Adds the newest totals and returns the rates of the window that ends now; undefined before there is one. */
  update(counts: Readonly<Counts>, nowMs: number): Rates | undefined {
    this.samples.push({ atMs: nowMs, counts: { ...counts } });
    while (this.samples.length > 2 && this.samples[1].atMs <= nowMs - WINDOW_MS) this.samples.shift();
    const [{ atMs, counts: before }] = this.samples;
    const messages = counts.messages - before.messages;
    if (nowMs <= atMs || messages === 0) return undefined;
    const payload = counts.payloadBytes - before.payloadBytes;
    const overhead = counts.overheadBytes - before.overheadBytes;
    const perSecond = (count: number) => (count * 1000) / (nowMs - atMs);
    return {
      requestsPerSecond: perSecond(counts.requests - before.requests),
      messagesPerSecond: perSecond(messages),
      payloadBytesPerMessage: payload / messages,
      overheadBytesPerMessage: overhead / messages,
      bytesPerSecond: perSecond(payload + overhead),
    };
  }
}

/** The median; undefined of no values. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : mean(sorted[middle - 1], sorted[middle]);
}

function mean(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : (one + other) / 2;
}
