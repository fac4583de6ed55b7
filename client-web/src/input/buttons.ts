//! What a player does in one moment: pressed buttons as bits, and an aim.

/** Bits of the input frame, as the server reads them. Buying works inside a station's ring only. */
export const Button = {
  thrust: 1,
  boost: 2,
  fire: 4,
  brake: 8,
  buyHull: 16,
  buyEngine: 32,
  buyGun: 64,
  buyHold: 128,
} as const;

/** One device's part: its buttons, and its aim in radians if it has one (y points down). */
export interface Reading {
  buttons: number;
  aim: number | undefined;
}
