//! Relations have colours that people who see colours differently tell apart.

import { afterAll, expect, test } from "vitest";
import { PALETTES } from "../src/page/settings.ts";
import { Colour, relationColour, usePalette } from "../src/view/palette.ts";

/** What people with each form see, in linear light: Machado, Oliveira and Fernandes, 2009, severity 1. */
const SEEN: Record<(typeof PALETTES)[number], number[][]> = {
  standard: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
/** In CIE Lab; 2.3 is just noticeable side by side. */
const APART = 25;
/** On panels, whose colour this is over black. WCAG 2 asks for 4.5. */
const PANEL = 0x0a0e24;
const CONTRAST = 4.5;

function linear(colour: number): number[] {
  return [16, 8, 0].map((shift) => {
    const part = ((colour >>> shift) & 0xff) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
}

function times(matrix: number[][], vector: number[]): number[] {
  return matrix.map((row) => row.reduce((sum, factor, at) => sum + factor * vector[at], 0));
}

function lab(rgb: number[]): number[] {
  const [x, y, z] = times(
    [
      [0.4339, 0.3762, 0.1899],
      [0.2126, 0.7152, 0.0722],
      [0.0178, 0.1095, 0.8727],
    ],
    rgb.map((part) => Math.max(0, Math.min(1, part))),
  ).map((part) => (part > 0.008856 ? Math.cbrt(part) : 7.787 * part + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function luminance(colour: number): number {
  const [red, green, blue] = linear(colour);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

afterAll(() => usePalette("standard"));

test.each(PALETTES)("%s: relations are told apart, and are read on panels", (palette) => {
  usePalette(palette);
  const seen = relationColour.map((colour) => lab(times(SEEN[palette], linear(colour))));
  seen.forEach((one, at) => {
    for (const other of seen.slice(at + 1))
      expect(Math.hypot(...one.map((part, axis) => part - other[axis]))).toBeGreaterThan(APART);
  });
  for (const colour of [...relationColour, Colour.ore, Colour.danger])
    expect((luminance(colour) + 0.05) / (luminance(PANEL) + 0.05)).toBeGreaterThan(CONTRAST);
});
