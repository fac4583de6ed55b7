//! Rates and medians of the transport page.

import { expect, test } from "vitest";
import { median, RateMeter } from "../src/transport/rates.ts";

test("rates are those of the last seconds", () => {
  const meter = new RateMeter();
  const counts = { requests: 0, messages: 0, payloadBytes: 0, overheadBytes: 0 };
  const after = (ms: number, requests: number, messages: number) => {
    counts.requests += requests;
    counts.messages += messages;
    counts.payloadBytes += messages * 100;
    counts.overheadBytes += requests * 600;
    return meter.update(counts, ms);
  };
  expect(after(0, 1, 1)).toBeUndefined();
  expect(after(1000, 0, 0)).toBeUndefined();
  expect(after(2000, 10, 20)).toEqual({
    requestsPerSecond: 5,
    messagesPerSecond: 10,
    payloadBytesPerMessage: 100,
    overheadBytesPerMessage: 300,
    bytesPerSecond: 4000,
  });
  // Counts from before the window no longer matter.
  for (let ms = 3000; ms <= 12_000; ms += 1000) after(ms, 1, 2);
  expect(after(13_000, 1, 2)?.requestsPerSecond).toBe(1);
});

test("the median of several values", () => {
  expect(median([])).toBeUndefined();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([100, 1, 2, 3])).toBe(2.5);
});
