//! Runs a practice room beside the page, whose animation frames it does not delay.

import type { RoomReply, RoomRequest } from "../net/local.ts";
import init, { Practice } from "../wasm/practice.js";
import { CloseCode } from "../wasm/schema.ts";

// Within a worker, `self` speaks to the page as a `Worker` speaks to its script.
const page = self as unknown as Worker;
/** Requests are handled in order, also while the module is being started. */
let room: Promise<Practice>;

page.onmessage = ({ data }: MessageEvent<RoomRequest>) => {
  if (!(data instanceof ArrayBuffer) && data.type === "open") {
    room = open(data);
    room.then(run, fail);
  } else room.then((practice) => take(practice, data)).catch(fail);
};

async function open(request: Extract<RoomRequest, { type: "open" }>): Promise<Practice> {
  const { module, rules, mode, arenas } = request;
  await init({ module_or_path: module });
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  return new Practice(rules, mode, Object.keys(arenas), Object.values(arenas), seed);
}

function take(practice: Practice, data: Exclude<RoomRequest, { type: "open" }>): void {
  if (data instanceof ArrayBuffer) practice.received(new Uint8Array(data));
  else {
    practice.connect();
    send({ type: "connected" });
  }
}

function run(practice: Practice): void {
  const turn = () => {
    try {
      practice.advance(performance.now());
      transmit(practice);
      setTimeout(turn, Math.max(0, practice.nextMs() - performance.now()));
    } catch (error) {
      fail(error);
    }
  };
  turn();
}

function transmit(practice: Practice): void {
  for (let message = practice.pollTransmit(); message; message = practice.pollTransmit()) {
    const { buffer } = message as Uint8Array<ArrayBuffer>;
    send(buffer, [buffer]);
  }
  const code = practice.pollClose();
  if (code !== undefined) send({ type: "closed", code, reason: "" });
}

function fail(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  send({ type: "closed", code: CloseCode.ClientCouldNotRead, reason });
}

function send(reply: RoomReply, transfer: Transferable[] = []): void {
  page.postMessage(reply, transfer);
}
