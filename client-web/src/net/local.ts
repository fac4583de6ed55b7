//! A link to a room in this tab: its worker takes and sends the messages that a server would.

import type { GameLink, LinkEvents } from "./link.ts";

/** What the page asks of the room's worker. Messages of the game go as they are. */
export type RoomRequest =
  | { type: "open"; module: WebAssembly.Module; rules: string; mode: string; arenas: Record<string, string> }
  | { type: "connect" }
  | ArrayBuffer;

/** What the worker answers. */
export type RoomReply =
  /** The client is connected. */
  | { type: "connected" }
  /** The room has closed the connection. */
  | { type: "closed"; code: number; reason: string }
  | ArrayBuffer;

export class LocalLink implements GameLink {
  /** Nothing lies between the page and its simulation. */
  readonly silentMs = 0;
  readonly kind = "practice";
  private isOpen = false;

  constructor(
    private readonly worker: Worker,
    private readonly events: LinkEvents,
  ) {
    worker.onmessage = ({ data }: MessageEvent<RoomReply>) => this.receive(data);
    this.connect();
  }

  send(bytes: Uint8Array): void {
    if (!this.isOpen) return;
    const message = bytes.slice().buffer;
    this.post(message, [message]);
  }

  drop(code: number, reason: string): void {
    this.isOpen = false;
    this.events.lost(code, reason);
    this.connect();
  }

  /** The room ends with its link. */
  stop(): void {
    this.worker.terminate();
  }

  tryNow(): void {}

  settled(): void {}

  private connect(): void {
    this.post({ type: "connect" });
  }

  private receive(reply: RoomReply): void {
    if (reply instanceof ArrayBuffer) this.events.received(new Uint8Array(reply));
    else if (reply.type === "connected") {
      this.isOpen = true;
      this.events.opened();
    } else this.events.refused(reply.code, reply.reason);
  }

  private post(request: RoomRequest, transfer: Transferable[] = []): void {
    this.worker.postMessage(request, transfer);
  }
}
