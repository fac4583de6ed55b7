//! Loads the wasm core that the build has put beside these sources.

import type { Core } from "./core.ts";
import init, { Client, Replay } from "./wasm/client_core.js";
import address from "./wasm/client_core_bg.wasm?url";

/** Fetches and starts the core. */
export async function loadCore(): Promise<Core> {
  const { memory } = await init({ module_or_path: address });
  return {
    memory,
    client: (name, room) => new Client(name, room),
    replay: (file) => new Replay(file),
  };
}
