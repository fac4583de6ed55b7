//! Reads the recording of a match that goes on, piece by piece.

import { ask, Unanswered } from "../page/ask.ts";

/** A match on a server. */
export interface Live {
  /** The URL of the server's root, with a slash at the end. */
  server: string;
  room: string;
}

/** The newest moment that is played: this far before the end of what is shown, so that playing does not wait for each piece of
 * six seconds. */
export const NEWEST_SECONDS = 8;

/** Some pieces of a recording. */
export interface Part {
  bytes: Uint8Array<ArrayBuffer>;
  /** Pieces read so far, of those that are shown. */
  read: number;
  shown: number;
}

/** A match as the server's list shows it. */
export interface LiveRoom {
  room: string;
  mode: string;
  recording: string;
  /** Unix milliseconds. */
  startedAt: number;
  /** How far behind the match those who watch are. */
  delaySeconds: number;
  /** Pieces that are shown. */
  pieces: number;
  /** Their bytes. */
  bytes: number;
  /** No piece follows. */
  ended: boolean;
}

/** Pieces of one request, the longest first: everybody asks in the same way, so that caches help. */
const RUNS = [256, 16, 1];
const RETRY_MS = 1000;

/** How many pieces the next request is for. */
export function runLength(next: number, shown: number): number {
  return RUNS.find((length) => next % length === 0 && next + length <= shown) ?? 1;
}

/** What the server shows of a room's match; undefined if it shows none. Fails with an `Unanswered`. */
export async function liveRoom(
  { server, room }: Live,
  request: RequestInit = {},
  busy?: () => void,
): Promise<LiveRoom | undefined> {
  const address = `${server}api/watch/${encodeURIComponent(room)}`;
  const response = await ask(address, busy, request).catch(noneIfMissing);
  return response && ((await response.json()) as { room: LiveRoom }).room;
}

function noneIfMissing(error: unknown): undefined {
  if (error instanceof Unanswered && error.status === 404) return;
  throw error;
}

/** Reads the pieces of a match in their order, each as soon as it is shown, up to the match's end. */
export async function* follow(
  live: Live,
  begun: LiveRoom,
  request: RequestInit = {},
  busy?: () => void,
): AsyncGenerator<Part> {
  const path = `${live.server}watch/${encodeURIComponent(live.room)}/${encodeURIComponent(begun.recording)}`;
  let next = 0;
  let shown = begun.pieces;
  for (;;) {
    const length = runLength(next, shown);
    try {
      const response = await ask(`${path}/${next}-${next + length}`, busy, request).catch(noneIfMissing);
      if (response) {
        const bytes = new Uint8Array(await response.arrayBuffer());
        next += length;
        shown = Math.max(shown, next);
        yield { bytes, read: next, shown };
        continue;
      }
      const now = await liveRoom(live, request, busy);
      if (now?.recording !== begun.recording || (now.ended && next >= now.pieces)) return;
      shown = now.pieces;
    } catch (error) {
      // A network that comes and goes, also in the midst of an answer.
      if (!(error instanceof Unanswered || error instanceof TypeError)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
