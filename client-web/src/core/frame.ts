//! Reads the frame that the core writes into wasm memory. Nothing is copied; the views are made again for every frame,
//! because wasm memory may have grown.

import {
  DrawKind,
  EFFECT_WORDS,
  HEADER_WORDS,
  HeaderWord,
  ITEM_WORDS,
  ItemWord,
  NONE,
  Relation,
} from "../wasm/schema.ts";

/** Levels of the four upgrades, unpacked from the header's one word. */
export interface Levels {
  hull: number;
  engine: number;
  gun: number;
  hold: number;
}

/** A view of one frame. `u` and `f` are the same words, read as Uint32 and as Float32. */
export class Frame {
  u: Uint32Array = new Uint32Array(HEADER_WORDS);
  f: Float32Array = new Float32Array(this.u.buffer);
  private firstEffect = HEADER_WORDS;

  /** A frame outside the core, with zeroed items and effects. */
  static blank(items: number, effects = 0): Frame {
    const memory = new ArrayBuffer((HEADER_WORDS + items * ITEM_WORDS + effects * EFFECT_WORDS) * 4);
    const header = new Uint32Array(memory);
    header[HeaderWord.Items] = items;
    header[HeaderWord.Effects] = effects;
    header[HeaderWord.Own] = NONE;
    header[HeaderWord.Docked] = NONE;
    const frame = new Frame();
    frame.attach(memory, 0);
    return frame;
  }

  /** Points at the frame at a place in memory, in bytes. */
  attach(memory: ArrayBufferLike, pointer: number): void {
    this.u = new Uint32Array(memory, pointer, HEADER_WORDS);
    this.firstEffect = HEADER_WORDS + this.itemCount * ITEM_WORDS;
    const words = this.firstEffect + this.effectCount * EFFECT_WORDS;
    this.u = new Uint32Array(memory, pointer, words);
    this.f = new Float32Array(memory, pointer, words);
  }

  /** Leaves a frame that is drawn again without its effects. */
  dropEffects(): void {
    this.u[HeaderWord.Effects] = 0;
  }

  get itemCount(): number {
    return this.u[HeaderWord.Items];
  }

  get effectCount(): number {
    return this.u[HeaderWord.Effects];
  }

  /** The word at which item `index` starts. */
  item(index: number): number {
    return HEADER_WORDS + index * ITEM_WORDS;
  }

  /** The word at which effect `index` starts. */
  effect(index: number): number {
    return this.firstEffect + index * EFFECT_WORDS;
  }

  /** The word at which the own (or followed) ship starts, or -1. */
  get own(): number {
    const index = this.u[HeaderWord.Own];
    return index === NONE || index >= this.itemCount ? -1 : this.item(index);
  }

  /** The ships that are neither the own one nor a mate's, from the own one, in world units. */
  rivals(): { dx: number; dy: number }[] {
    const { u, f, own } = this;
    const rivals: { dx: number; dy: number }[] = [];
    for (let index = 0; own >= 0 && index < this.itemCount; index += 1) {
      const at = this.item(index);
      const relation = u[at + ItemWord.Relation];
      if (u[at + ItemWord.Kind] !== DrawKind.Ship || relation === Relation.Own || relation === Relation.Mate)
        continue;
      rivals.push({
        dx: f[at + ItemWord.X] - f[own + ItemWord.X],
        dy: f[at + ItemWord.Y] - f[own + ItemWord.Y],
      });
    }
    return rivals;
  }

  get alive(): boolean {
    return this.u[HeaderWord.Alive] === 1;
  }

  /** Whether the own ship's last seconds are shown again. */
  get replaying(): boolean {
    return this.u[HeaderWord.Replaying] === 1;
  }

  /** The station in whose ring the own ship is, or -1. */
  get dockedStation(): number {
    const index = this.u[HeaderWord.Docked];
    return index === NONE ? -1 : index;
  }

  get levels(): Levels {
    const packed = this.u[HeaderWord.Levels];
    return {
      hull: packed & 0xff,
      engine: (packed >>> 8) & 0xff,
      gun: (packed >>> 16) & 0xff,
      hold: packed >>> 24,
    };
  }
}
