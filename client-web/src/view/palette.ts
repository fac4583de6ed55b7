//! The colours of the picture, as 0xRRGGBB. Colour is never the only cue: hulls differ by relation too.

import type { Palette } from "../page/settings.ts";

const STANDARD = {
  self: 0x4fe3ff,
  mate: 0x6ff2b0,
  foe: 0xff6b5e,
  neutral: 0xeaf0ff,
  ore: 0xffb43d,
  white: 0xffffff,
  sun: 0xffe2b8,
  ember: 0xff8a3c,
  shield: 0x9fd0ff,
  fence: 0xb35cff,
  danger: 0xff3d5a,
};

/** What each palette changes: relations stay apart for people who see colours differently. */
const CHANGES: Readonly<Record<Palette, Partial<typeof STANDARD>>> = {
  standard: {},
  deuteranopia: { self: 0x2fd0ff, mate: 0x6a78ff, foe: 0xff9a1f, ore: 0xfff2a8, danger: 0xff7a1f },
  protanopia: { self: 0x00c0ff, mate: 0x6a78ff, foe: 0xffb020, ore: 0xfff2a8, danger: 0xff9a3d },
  tritanopia: { mate: 0xffc0d8, ore: 0xffa0a0, danger: 0xff3d3d },
};

/** The colours in use. */
export const Colour: Record<keyof typeof STANDARD, number> = { ...STANDARD };

/** Indexed by `Relation`. */
export const relationColour: number[] = [];

/** Sets the colours in use. What was painted with them before must be painted again. */
export function usePalette(palette: Palette): void {
  Object.assign(Colour, STANDARD, CHANGES[palette]);
  relationColour.splice(0, 4, Colour.self, Colour.mate, Colour.foe, Colour.neutral);
}
usePalette("standard");

/** The same as CSS text. */
export function css(colour: number): string {
  return `#${colour.toString(16).padStart(6, "0")}`;
}

/** The direction toward the sun: x right, y down, z toward the viewer. Unit length. */
export const SUN = [-0.62, -0.58, 0.528] as const;

/** Packs a colour with an alpha into premultiplied bytes. `opacity` 0 adds light, 1 covers. */
export function packed(colour: number, alpha: number, opacity: number): number {
  const a = alpha < 0 ? 0 : Math.min(alpha, 1);
  const r = ((colour >>> 16) & 0xff) * a;
  const g = ((colour >>> 8) & 0xff) * a;
  const b = (colour & 0xff) * a;
  return (r | (g << 8) | (b << 16) | ((a * opacity * 255) << 24)) >>> 0;
}
