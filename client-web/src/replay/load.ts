//! Fetches the module that plays recordings. Not for workers, whose script has no address that the module's could be relative to.

import address from "../wasm/replayer_bg.wasm?url";

/** Fetches and compiles it, to be sent to a worker. */
export function compileReplayer(): Promise<WebAssembly.Module> {
  return WebAssembly.compileStreaming(fetch(address));
}
