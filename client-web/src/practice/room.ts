//! Opens practice rooms, and knows which modes one can practise.

import rules from "../../../assets/rules.toml?raw";
import type { RoomRequest } from "../net/local.ts";
import address from "../wasm/practice_bg.wasm?url";
// In the page's script: it also starts without a network.
import RoomWorker from "./worker.ts?worker&inline";

const modeFiles = import.meta.glob<string>("../../../assets/modes/*.toml", {
  query: "?raw",
  import: "default",
  eager: true,
});
const arenaFiles = import.meta.glob<string>("../../../assets/arenas/*.toml", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** A mode that has drones to play with and against. */
export interface PracticeMode {
  /** The name of its file. */
  name: string;
  title: string;
}

/** The modes that one can practise: those with drones. */
export const practiceModes: readonly PracticeMode[] = Object.entries(byName(modeFiles))
  .filter(([, text]) => /^drones = [1-9]/m.test(text))
  .map(([name, text]) => ({ name, title: /^title = "(.*)"$/m.exec(text)?.[1] ?? name }));

/** Starts the worker of a room. */
export async function openRoom(mode: string): Promise<Worker> {
  const module = await WebAssembly.compileStreaming(fetch(address));
  const worker = new RoomWorker();
  const request: RoomRequest = {
    type: "open",
    module,
    rules,
    mode: byName(modeFiles)[mode],
    arenas: byName(arenaFiles),
  };
  worker.postMessage(request);
  return worker;
}

function byName(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [/([^/]+)\.toml$/.exec(path)![1], text]),
  );
}
