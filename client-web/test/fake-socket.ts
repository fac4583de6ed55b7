//! A WebSocket that the test controls, and mock listeners for a link.

import { vi } from "vitest";

/** Replaces the browser's WebSocket. */
export class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: Uint8Array[] = [];
  closedWith: number | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((close: { code: number; reason: string }) => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {
    FakeSocket.all.push(this);
  }

  send(bytes: Uint8Array): void {
    this.sent.push(bytes);
  }

  close(code: number): void {
    this.closedWith = code;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  end(code: number, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

/** Mock listeners for a link. */
export function events() {
  return {
    opened: vi.fn(),
    received: vi.fn(),
    lost: vi.fn(),
    waiting: vi.fn(),
    hindered: vi.fn(),
    refused: vi.fn(),
  };
}

/** The page's server. */
export const server = () => ({ url: "http://x/", room: undefined });
/** The socket opened last. */
export const newest = () => FakeSocket.all[FakeSocket.all.length - 1];
