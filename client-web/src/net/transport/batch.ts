//! Batches: concatenated messages, as the body of a request or answer. The format is that of `shared/src/batch.rs`.

import { CLOSE_BIT, CODE_BYTES, LENGTH_BYTES } from "../../wasm/schema.ts";

export type Piece = { message: Uint8Array } | { code: number; reason: string };

/** A message with its length in front. */
export function framed(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const piece = new Uint8Array(LENGTH_BYTES + message.length);
  new DataView(piece.buffer).setUint32(0, message.length, true);
  piece.set(message, LENGTH_BYTES);
  return piece;
}

/** The pieces of a batch. Throws a `RangeError` if it is truncated. */
export function* pieces(batch: Uint8Array): Generator<Piece> {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  for (let at = 0; at < batch.length; ) {
    const head = view.getUint32(at, true);
    const length = head & ~CLOSE_BIT;
    const from = at + LENGTH_BYTES;
    at = from + length;
    if (at > batch.length) throw new RangeError("a piece is longer than its batch");
    if (head < CLOSE_BIT) yield { message: batch.subarray(from, at) };
    else {
      const reason = new TextDecoder().decode(batch.subarray(from + CODE_BYTES, at));
      yield { code: view.getUint16(from, true), reason };
    }
  }
}
