//! A second worker that plays the whole recording once, for the score curves and the map of deaths. It starts when one of them is
//! first shown.

import { seatHeaders } from "../net/seat.ts";
import type { Found, Reply, Request, Source } from "./messages.ts";
import { replayModel } from "./model.ts";
import ReplayWorker from "./worker.ts?worker&inline";

/** More deaths add nothing to the map. */
const DEATHS_LIMIT = 20_000;

export class Scanner {
  private worker: Worker | undefined;

  constructor(
    private readonly core: WebAssembly.Module,
    private readonly source: Source,
  ) {
    replayModel.scan.value = undefined;
  }

  start(): void {
    if (this.worker) return;
    const worker = new ReplayWorker();
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (data.type === "failed") worker.terminate();
      if (data.type === "scanned") this.add(data.found);
    };
    const { core, source } = this;
    worker.postMessage({ type: "scan", core, source, headers: seatHeaders() } satisfies Request);
  }

  close(): void {
    this.worker?.terminate();
  }

  private add(found: Found): void {
    if (found.done) this.close();
    const before = replayModel.scan.value;
    const deaths = [...(before?.deaths ?? []), ...found.deaths].slice(-DEATHS_LIMIT);
    replayModel.scan.value = { ...found, deaths, samples: [...(before?.samples ?? []), ...found.samples] };
  }
}
