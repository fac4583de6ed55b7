//! The wasm core. The build generates its types: objects in `client_core.d.ts`, numbers in `schema.ts`.

import init, { Client, Replay } from "../wasm/client_core.js";
import { guarded } from "./guard.ts";

export type {
  Candidate,
  Client,
  ClientState,
  ComponentChange,
  EvidenceFacts,
  InspectedComponent,
  InspectedSubject,
  InspectedWorld,
  KillRole,
  MarkKind,
  NetGraph,
  Notice,
  Quote,
  Replay,
  ReplayHighlight,
  ReplayInfo,
  ReplayMark,
  ReplayPlayer,
  ReplayState,
  RoundAward,
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

/** Starts the core, which is compiled or the address of a file. */
export async function startCore(module: WebAssembly.Module | string): Promise<Core> {
  const { memory } = await init({ module_or_path: module });
  return {
    memory,
    client: (name, room, panicked) => guarded(new Client(name, room), panicked),
    replay: (file) => new Replay(file),
  };
}
