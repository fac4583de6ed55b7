//! The wasm module that plays recordings. Its objects are the same types as the core's.

import init, { Replay } from "../wasm/replayer.js";

export type { Replay };

/** The started module. */
export interface Replayer {
  /** Read `buffer` again for every frame: it is replaced when memory grows. */
  readonly memory: WebAssembly.Memory;
  /** Throws an `Error` with a readable message for a file that is not a recording. */
  replay(file: Uint8Array): Replay;
}

/** Starts the compiled module. */
export async function startReplayer(module: WebAssembly.Module): Promise<Replayer> {
  const { memory } = await init({ module_or_path: module });
  return { memory, replay: (file) => new Replay(file) };
}
