//! The wasm core, for play. The build generates its types: objects in `client_core.d.ts`, numbers in `schema.ts`.

import init, { Client } from "../wasm/client_core.js";
import address from "../wasm/client_core_bg.wasm?url";
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
  client(name: string, room: string | undefined, hull: number, panicked: (error: Error) => void): Client;
}

/** Fetches and starts the core. */
export async function loadCore(): Promise<Core> {
  const { memory } = await init({ module_or_path: address });
  return {
    memory,
    client: (name, room, hull, panicked) => guarded(new Client(name, room, hull), panicked),
  };
}
