//! Rates over the last seconds, from counts that only grow.

import type { Counts } from "../net/transport/transport.ts";

const WINDOW_MS = 5000;

export interface Rates {
  requestsPerSecond: number;
  messagesPerSecond: number;
  payloadBytesPerMessage: number;
  overheadBytesPerMessage: number;
  bytesPerSecond: number;
}

export class RateMeter {
  private readonly seen: { atMs: number; counts: Counts }[] = [];

  /** Takes the newest counts and gives the rates of the window that ends now; undefined before there is one. */
  update(counts: Readonly<Counts>, nowMs: number): Rates | undefined {
    this.seen.push({ atMs: nowMs, counts: { ...counts } });
    while (this.seen.length > 2 && this.seen[1].atMs <= nowMs - WINDOW_MS) this.seen.shift();
    const [{ atMs, counts: before }] = this.seen;
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

/** The value in the middle; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : mean(sorted[middle - 1], sorted[middle]);
}

function mean(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : (one + other) / 2;
}
