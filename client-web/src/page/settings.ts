//! The player's settings, kept in the browser. Without storage the game still plays.

import { effect, signal } from "@preact/signals";
import { read, write } from "../browser/storage.ts";
import { matches } from "../browser/view.ts";
import { type Language, languages, preferredLanguage } from "../locale/locale.ts";
import { NAME_LIMIT_CHARS } from "../wasm/schema.ts";

const KEY = "driftbelt.settings";

/** The sets of colours that tell ships apart; the last three are for people who see colours differently. */
export const PALETTES = ["standard", "deuteranopia", "protanopia", "tritanopia"] as const;
export type Palette = (typeof PALETTES)[number];

/** The share of the display's pixels along each axis that is drawn; "auto" lowers it where the machine cannot keep up. */
export const QUALITIES = ["auto", 1, 0.75, 0.5] as const;
/** Frames per second that are drawn at most; 0 leaves it to the display. */
export const FRAME_CAPS = [0, 120, 60, 30] as const;
/** Factors of the interface's size, and of the text's. */
export const SCALES = { ui: { low: 0.75, high: 2 }, text: { low: 0.8, high: 1.5 } } as const;

export interface Stored {
  name: string;
  language: Language;
  /** The number of the hull of the first ship. */
  hull: number;
  muted: boolean;
  /** Of effects, 0..1. */
  volume: number;
  /** Of the music, 0..1. */
  music: number;
  /** No shake, no flashes. */
  calm: boolean;
  /** Hints that the player has followed. */
  learned: readonly string[];
  /** The keys and pad buttons that the player has bound, by action: `input/bindings.ts` reads them. */
  keys: object;
  pad: object;
  uiScale: number;
  textScale: number;
  quality: (typeof QUALITIES)[number];
  frameCap: (typeof FRAME_CAPS)[number];
  palette: Palette;
  /** The stick of a touch screen is on the right. */
  leftHanded: boolean;
  /** Whether the aim of a thumb or a stick is drawn to ships near its line. */
  aimAssist: boolean;
  vibration: boolean;
}

type Checks = { readonly [Key in keyof Stored]: (value: unknown) => boolean };

const isBoolean = (value: unknown) => typeof value === "boolean";
const isObject = (value: unknown) => typeof value === "object" && value !== null;
const between = (low: number, high: number) => (value: unknown) =>
  typeof value === "number" && value >= low && value <= high;
const oneOf = (values: readonly unknown[]) => (value: unknown) => values.includes(value);

const CHECKS: Checks = {
  name: (value) => typeof value === "string" && value.length <= NAME_LIMIT_CHARS,
  language: (value) => typeof value === "string" && Object.hasOwn(languages, value),
  hull: oneOf([0, 1, 2]),
  muted: isBoolean,
  volume: between(0, 1),
  music: between(0, 1),
  calm: isBoolean,
  learned: (value) => Array.isArray(value) && value.every((hint) => typeof hint === "string"),
  keys: isObject,
  pad: isObject,
  uiScale: between(SCALES.ui.low, SCALES.ui.high),
  textScale: between(SCALES.text.low, SCALES.text.high),
  quality: oneOf(QUALITIES),
  frameCap: oneOf(FRAME_CAPS),
  palette: oneOf(PALETTES),
  leftHanded: isBoolean,
  aimAssist: isBoolean,
  vibration: isBoolean,
};

/** What holds until the player chooses. */
export function defaults(): Stored {
  return {
    name: "",
    language: preferredLanguage(),
    hull: 0,
    muted: false,
    volume: 0.7,
    music: 0.25,
    calm: matches("(prefers-reduced-motion: reduce)"),
    learned: [],
    keys: {},
    pad: {},
    uiScale: 1,
    textScale: 1,
    quality: "auto",
    frameCap: 0,
    palette: "standard",
    leftHanded: false,
    aimAssist: true,
    vibration: true,
  };
}

/** Takes from `stored` what is valid, and the defaults for the rest. */
export function adopt(initial: Stored, stored: unknown): Stored {
  if (!isObject(stored)) return initial;
  const valid = Object.entries(stored as object).filter(
    ([key, value]) => Object.hasOwn(CHECKS, key) && CHECKS[key as keyof Stored](value),
  );
  return { ...initial, ...Object.fromEntries(valid) };
}

export const settings = signal<Stored>(adopt(defaults(), read("localStorage", KEY)));

export function change(part: Partial<Stored>): void {
  settings.value = { ...settings.value, ...part };
}

/** Calls `use` with whether the player wants less motion, now and whenever it changes. */
export function followCalm(use: (calm: boolean) => void): void {
  effect(() => {
    const { calm } = settings.value;
    document.body.classList.toggle("calm", calm);
    use(calm);
  });
}

effect(() => write("localStorage", KEY, settings.value));
