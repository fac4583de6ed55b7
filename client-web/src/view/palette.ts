//! The colours of the picture, as 0xRRGGBB. Colour is never the only cue: hulls differ by relation too.

export const Colour = {
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
} as const;

/** Indexed by `Relation`. */
export const relationColour: readonly number[] = [Colour.self, Colour.mate, Colour.foe, Colour.neutral];

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
