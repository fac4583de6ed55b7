//! Fetches the wasm core. Not for workers, whose script has no address that the core's could be relative to.

import address from "../wasm/client_core_bg.wasm?url";
import { type Core, startCore } from "./core.ts";

/** Fetches and compiles the core, which can then be sent to a worker. */
export function compileCore(): Promise<WebAssembly.Module> {
  return WebAssembly.compileStreaming(fetch(address));
}

/** Fetches and starts the core. */
export function loadCore(): Promise<Core> {
  return startCore(address);
}
