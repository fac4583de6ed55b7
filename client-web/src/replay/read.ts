//! Reads a stream to its end, within a limit.

/** A larger recording is not read: it would be in memory twice. */
export const FILE_LIMIT_BYTES = 512 * 1024 * 1024;
const PROGRESS_MS = 100;
/** Memory that a stream of unknown length gets at first. */
const FIRST_BYTES = 1024 * 1024;

export class TooLarge extends Error {}

/** `total` is what the stream is said to hold. Throws `TooLarge` beyond the limit. */
export async function readAll(
  stream: ReadableStream<Uint8Array>,
  total: number | undefined,
  progress: (received: number, total: number | undefined) => void,
  limit = FILE_LIMIT_BYTES,
): Promise<Uint8Array> {
  if ((total ?? 0) > limit) throw new TooLarge();
  const reader = stream.getReader();
  let bytes = new Uint8Array(total ?? FIRST_BYTES);
  let length = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, length);
    if (length + value.length > limit) {
      await reader.cancel();
      throw new TooLarge();
    }
    if (length + value.length > bytes.length) {
      const larger = new Uint8Array(Math.min(limit, 2 * (length + value.length)));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(value, length);
    length += value.length;
    const now = performance.now();
    if (now - toldAt < PROGRESS_MS) continue;
    toldAt = now;
    progress(length, total);
  }
}
