//! The reader of the core's frame buffer: one flat block of 4-byte words that the wasm core rewrites for
//! every frame. Nothing here copies; the views are made fresh because wasm memory may have grown.

/** Words before the first entity. */
export const HEADER_WORDS = 32;
/** Words per entity. */
export const ENTITY_WORDS = 16;
/** Words per effect. */
export const EFFECT_WORDS = 8;
/** "No such index" in the header's index words. */
export const NONE = 0xffffffff;

/** Word offsets in the header. */
export const Head = {
  entities: 0,
  effects: 1,
  tick: 2,
  self: 3,
  cameraX: 4,
  cameraY: 5,
  halfSize: 6,
  viewWidth: 7,
  viewHeight: 8,
  health: 9,
  healthMax: 10,
  energy: 11,
  energyMax: 12,
  hold: 13,
  holdMax: 14,
  score: 15,
  streak: 16,
  levels: 17,
  docked: 18,
  respawn: 19,
  costHull: 20,
  costEngine: 21,
  costGun: 22,
  costHold: 23,
  seconds: 24,
  alive: 25,
  speed: 26,
} as const;

/** Word offsets in an entity. */
export const Entity = {
  id: 0,
  kind: 1,
  x: 2,
  y: 3,
  angle: 4,
  vx: 5,
  vy: 6,
  health: 7,
  flags: 8,
  radius: 9,
  relation: 10,
  variant: 11,
  player: 12,
  hold: 13,
  score: 14,
  energy: 15,
} as const;

/** Word offsets in an effect. */
export const Effect = { kind: 0, x: 1, y: 2, subject: 3, other: 4, value: 5, angle: 6, own: 7 } as const;

export const Kind = { ship: 0, asteroid: 1, ore: 2, bolt: 3, station: 4 } as const;
export const Relation = { self: 0, mate: 1, foe: 2, neutral: 3 } as const;
export const Flag = {
  thrust: 1,
  boost: 2,
  firing: 4,
  docked: 8,
  drone: 16,
  protected: 32,
  away: 64,
} as const;
export const EffectKind = {
  hit: 1,
  death: 2,
  broken: 3,
  loaded: 4,
  banked: 5,
  shot: 6,
  spawn: 7,
  upgrade: 8,
  bounce: 9,
  /** The place where who hit the own ship saw it. */
  seen: 10,
} as const;

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

  /** Points at the frame that the core has just written. `pointer` in bytes, `words` in 4-byte words. */
  attach(memory: ArrayBufferLike, pointer: number, words: number): void {
    if (words < HEADER_WORDS) throw new RangeError(`a frame of ${words} words is shorter than its header`);
    this.u = new Uint32Array(memory, pointer, words);
    this.f = new Float32Array(memory, pointer, words);
    this.firstEffect = HEADER_WORDS + this.entityCount * ENTITY_WORDS;
    const expected = this.firstEffect + this.effectCount * EFFECT_WORDS;
    if (words < expected) throw new RangeError(`a frame of ${words} words announces ${expected}`);
  }

  get entityCount(): number {
    return this.u[Head.entities];
  }

  get effectCount(): number {
    return this.u[Head.effects];
  }

  /** The word at which entity `index` starts. */
  entity(index: number): number {
    return HEADER_WORDS + index * ENTITY_WORDS;
  }

  /** The word at which effect `index` starts. */
  effect(index: number): number {
    return this.firstEffect + index * EFFECT_WORDS;
  }

  /** The word at which the own (or followed) ship starts, or -1. */
  get self(): number {
    const index = this.u[Head.self];
    return index === NONE || index >= this.entityCount ? -1 : this.entity(index);
  }

  /** The station in whose ring the own ship is, or -1. */
  get dockedStation(): number {
    const index = this.u[Head.docked];
    return index === NONE ? -1 : index;
  }

  get levels(): Levels {
    const packed = this.u[Head.levels];
    return {
      hull: packed & 0xff,
      engine: (packed >>> 8) & 0xff,
      gun: (packed >>> 16) & 0xff,
      hold: packed >>> 24,
    };
  }
}
