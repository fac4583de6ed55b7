//! Reads a recording within a limit: a file, or a download that goes on where the network has broken it off.

import { ask, Unanswered } from "../page/ask.ts";

/** A larger recording is not read: it would be in memory twice. */
export const FILE_LIMIT_BYTES = 512 * 1024 * 1024;
/** Memory that a stream of unknown length gets at first. */
const FIRST_BYTES = 1024 * 1024;
/** A download that has brought nothing new is tried again this often, and after this time. */
const RETRIES_LIMIT = 5;
const RETRY_MS = 1000;

export class TooLarge extends Error {}

/** What of a recording has been read. */
export interface Portion {
  /** From its first byte on. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Undefined if nobody knows. */
  total: number | undefined;
}

/** Bytes that grow, within a limit. */
class Reservoir {
  private bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  length = 0;

  constructor(private readonly limit: number) {}

  /** Makes room for this many. Throws `TooLarge` beyond the limit. */
  reserve(total: number | undefined): void {
    if ((total ?? 0) > this.limit) throw new TooLarge();
    this.grow(total ?? FIRST_BYTES);
  }

  push(value: Uint8Array): void {
    if (this.length + value.length > this.limit) throw new TooLarge();
    if (this.length + value.length > this.bytes.length)
      this.grow(Math.min(this.limit, 2 * (this.length + value.length)));
    this.bytes.set(value, this.length);
    this.length += value.length;
  }

  filled(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  private grow(size: number): void {
    if (size <= this.bytes.length) return;
    const larger = new Uint8Array(size);
    larger.set(this.filled());
    this.bytes = larger;
  }
}

/** Reads a stream to its end. `total` is what it is said to hold. Throws `TooLarge` beyond the limit. */
export async function* readStream(
  stream: ReadableStream<Uint8Array>,
  total: number | undefined,
  limit = FILE_LIMIT_BYTES,
): AsyncGenerator<Portion> {
  const read = new Reservoir(limit);
  yield* fill(read, stream, total);
}

async function* fill(
  read: Reservoir,
  stream: ReadableStream<Uint8Array>,
  total: number | undefined,
): AsyncGenerator<Portion> {
  const reader = stream.getReader();
  try {
    read.reserve(total);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      read.push(value);
      yield { bytes: read.filled(), total };
    }
  } finally {
    // Also where nobody wants the rest.
    reader.cancel().catch(() => undefined);
  }
}

/** Downloads a recording. A download that breaks off goes on from there, if the server's file is still the same one. */
export async function* download(
  url: string,
  { headers }: { headers?: Record<string, string> } = {},
  busy?: () => void,
): AsyncGenerator<Portion> {
  const read = new Reservoir(FILE_LIMIT_BYTES);
  let total: number | undefined;
  let validator = "";
  let failure = "";
  for (let tries = 0; tries <= RETRIES_LIMIT; tries += 1) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    const before = read.length;
    try {
      const rest = before > 0 && { Range: `bytes=${before}-`, "If-Range": validator };
      const response = await ask(url, busy, { headers: { ...headers, ...rest } });
      if (before > 0 && response.status !== 206)
        throw new Unanswered(response.status, "the file has changed");
      if (before === 0) {
        total = numberOf(response.headers.get("content-length"));
        validator = response.headers.get("etag") ?? response.headers.get("last-modified") ?? "";
      }
      yield* fill(read, response.body ?? new Blob().stream(), total);
      if (total === undefined || read.length >= total) return;
      failure = "the connection has ended";
    } catch (error) {
      if (error instanceof TooLarge || (error instanceof Unanswered && error.status)) throw error;
      failure = String(error);
    }
    // Without a validator, nobody knows whether the rest belongs to what is there.
    if (read.length === 0 || validator === "") break;
    if (read.length > before) tries = 0;
  }
  throw new Unanswered(undefined, failure);
}

function numberOf(text: string | null): number | undefined {
  const number = Number.parseInt(text ?? "", 10);
  return Number.isFinite(number) ? number : undefined;
}
