//! The scripted match ends with the same hash in wasm as natively.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { determinismHash, initSync } from "../src/wasm/replayer.js";

function read(path: string): Buffer {
  return readFileSync(new URL(path, import.meta.url));
}

test("wasm and native agree on the frozen hash", () => {
  const source = read("../../shared/sim/tests/determinism.rs").toString();
  const frozen = /const EXPECTED: u64 = 0x([0-9a-f_]+);/i.exec(source)?.[1].replaceAll("_", "");
  expect(frozen).toBeDefined();
  initSync({ module: read("../src/wasm/replayer_bg.wasm") });
  expect(determinismHash()).toBe(frozen?.padStart(16, "0"));
});
