//! Loads the wasm core. The build generates its types: objects in `client_core.d.ts`, numbers in `schema.ts`.

import init, { Client, Replay } from "../wasm/client_core.js";
import address from "../wasm/client_core_bg.wasm?url";
import { guarded } from "./guard.ts";

export type {
  Client,
  ClientState,
  KillRole,
  MarkKind,
  NetGraph,
  Notice,
  Quote,
  Replay,
  ReplayInfo,
  ReplayMark,
  ReplayPlayer,
  ReplayState,
  ScoreRow,
} from "../wasm/client_core.js";

/** The loaded core. */
export interface Core {
  /** Read `buffer` again for every frame: it is replaced when memory grows. */
  readonly memory: WebAssembly.Memory;
  /** After a panic, which `panicked` is told, the client does nothing. */
  client(name: string, room: string | undefined, panicked: (error: Error) => void): Client;
  /** Throws an `Error` with a readable message for a file that is not a recording. */
  replay(file: Uint8Array): Replay;
}

/** Fetches and compiles the core, which can then be sent to a worker. */
export function compileCore(): Promise<WebAssembly.Module> {
  return WebAssembly.compileStreaming(fetch(address));
}

/** Starts the core, which is fetched if it is not given. */
export async function loadCore(compiled?: WebAssembly.Module): Promise<Core> {
  const { memory } = await init({ module_or_path: compiled ?? address });
  return {
    memory,
    client: (name, room, panicked) => guarded(new Client(name, room), panicked),
    replay: (file) => new Replay(file),
  };
}
