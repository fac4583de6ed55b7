//! What the settings change on the whole page: sizes and colours.

import { effect } from "@preact/signals";
import { settings } from "../page/settings.ts";
import { Colour, css, usePalette } from "../view/palette.ts";

/** Colours that style sheets name too. */
const SHARED = ["self", "mate", "foe", "ore", "danger"] as const;

export function followAppearance(): void {
  effect(() => {
    const { uiScale, textScale, palette } = settings.value;
    const { style } = document.documentElement;
    style.setProperty("--ui-scale", String(uiScale));
    style.setProperty("--text-scale", String(textScale));
    usePalette(palette);
    for (const name of SHARED) style.setProperty(`--${name}`, css(Colour[name]));
  });
}
