//! Where the whole chunks of a recording end, while it is being read: the core is given whole ones only.

/** Bytes before a header's body and before a chunk's: magic, format, length, checksum; kind, length, checksum. */
const HEADER_HEAD_BYTES = 14;
const CHUNK_HEAD_BYTES = 9;
const CHUNK_LIMIT_BYTES = 64 * 1024 * 1024;
const HEADER_LIMIT_BYTES = 64 * 1024;
/** The kinds of a run of ticks and of a keyframe, and the greatest of all; the highest bit says that a body is compressed. */
const KEYFRAME = 1;
const TICKS = 2;
const LAST_KIND = 5;
const KIND_BITS = 0x7f;

export class WholeChunks {
  /** Where the last whole chunk ends. */
  end = 0;
  /** A keyframe and ticks behind it are whole: there is something to show. */
  isPlayable = false;
  /** What stands behind `end` is no chunk: only the core finds what is sound behind it, once all is read. */
  isDamaged = false;
  private hasKeyframe = false;

  /** Looks at the front of a file, of which more is there than at the last look. */
  look(file: Uint8Array): void {
    const words = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const left = () => file.length - this.end;
    if (this.end === 0) {
      if (left() < HEADER_HEAD_BYTES) return;
      const length = words.getUint32(6, true);
      this.isDamaged = length > HEADER_LIMIT_BYTES;
      if (this.isDamaged || left() < HEADER_HEAD_BYTES + length) return;
      this.end = HEADER_HEAD_BYTES + length;
    }
    while (!this.isDamaged && left() >= CHUNK_HEAD_BYTES) {
      const kind = words.getUint8(this.end) & KIND_BITS;
      const length = words.getUint32(this.end + 1, true);
      this.isDamaged = kind === 0 || kind > LAST_KIND || length > CHUNK_LIMIT_BYTES;
      if (this.isDamaged || left() < CHUNK_HEAD_BYTES + length) return;
      this.end += CHUNK_HEAD_BYTES + length;
      this.hasKeyframe ||= kind === KEYFRAME;
      this.isPlayable ||= this.hasKeyframe && kind === TICKS;
    }
  }
}
