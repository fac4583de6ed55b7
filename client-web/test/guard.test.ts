//! The core after a panic.

import { expect, test, vi } from "vitest";
import { guarded } from "../src/core/guard.ts";

test("after a panic no call reaches the core; other errors pass", () => {
  const part = {
    calls: 0,
    fine() {
      this.calls += 1;
      return this.calls;
    },
    refuse() {
      throw new Error("not a recording");
    },
    panic() {
      throw new WebAssembly.RuntimeError("unreachable");
    },
  };
  const panicked = vi.fn();
  const safe = guarded(part, panicked);
  expect(safe.fine()).toBe(1);
  expect(() => safe.refuse()).toThrow("not a recording");
  expect(safe.fine()).toBe(2);
  expect(safe.panic()).toBeUndefined();
  expect(panicked).toHaveBeenCalledTimes(1);
  expect([safe.fine(), safe.panic(), part.calls]).toEqual([undefined, undefined, 2]);
  expect(panicked).toHaveBeenCalledTimes(1);
});
