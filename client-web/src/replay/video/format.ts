//! The formats of a film: shapes, rates, and how large the file becomes.

import type { FixedSize } from "../../view/stage.ts";

export const SHAPES = {
  hd: { width: 1280, height: 720, resolution: 1 },
  fullHd: { width: 1280, height: 720, resolution: 1.5 },
  upright: { width: 720, height: 1280, resolution: 1.5 },
} as const satisfies Record<string, FixedSize>;

export type ShapeName = keyof typeof SHAPES;

/** Frames per second. */
export const RATES = [30, 60] as const;

export type Rate = (typeof RATES)[number];

/** What one chooses. */
export interface FilmOptions {
  shape: ShapeName;
  rate: Rate;
  /** Names, scores, clock and kill feed are in the picture. */
  labelled: boolean;
  sound: boolean;
}

const BITS_PER_PIXEL = 0.12;
export const SOUND_BITS_PER_SECOND = 128_000;

/** Where the browser cannot write to the disk, a film is made in memory, up to about this size. */
export const MEMORY_LIMIT_BYTES = 512 * 1024 * 1024;

/** The size of a frame in pixels. */
export function pixelsOf(shape: ShapeName): { width: number; height: number } {
  const { width, height, resolution } = SHAPES[shape];
  return { width: width * resolution, height: height * resolution };
}

/** Bits per second of the picture. */
export function bitrateOf({ shape, rate }: Pick<FilmOptions, "shape" | "rate">): number {
  const { width, height } = pixelsOf(shape);
  return width * height * rate * BITS_PER_PIXEL;
}

/** How many frames a film of so many ticks has; at least one. */
export function frameCount(ticks: number, tickRate: number, rate: Rate): number {
  return Math.max(1, Math.round((ticks / tickRate) * rate));
}

/** About how large the file becomes. */
export function estimateBytes(options: FilmOptions, seconds: number): number {
  const sound = options.sound ? SOUND_BITS_PER_SECOND : 0;
  return ((bitrateOf(options) + sound) * seconds) / 8;
}

/** Whether a film may be made in memory. */
export function fitsMemory(options: FilmOptions, seconds: number): boolean {
  return estimateBytes(options, seconds) <= MEMORY_LIMIT_BYTES;
}
