//! The player's settings, kept in the browser. Without storage the game still plays.

import { effect, signal } from "@preact/signals";
import { read, write } from "../browser/storage.ts";
import { matches } from "../browser/view.ts";
import { type Language, languages, preferredLanguage } from "../locale/locale.ts";
import { NAME_LIMIT_CHARS } from "../wasm/schema.ts";

const KEY = "driftbelt.settings";

interface Stored {
  name: string;
  language: Language;
  muted: boolean;
  /** 0..1 */
  volume: number;
  /** No shake, no flashes. */
  calm: boolean;
  /** Hints that the player has followed. */
  learned: string[];
}

function load(): Stored {
  const defaults: Stored = {
    name: "",
    language: preferredLanguage(),
    muted: false,
    volume: 0.7,
    calm: matches("(prefers-reduced-motion: reduce)"),
    learned: [],
  };
  return adopt(defaults, read("localStorage", KEY));
}

/** Takes from `stored` what has the right type, and the defaults for the rest. */
export function adopt(defaults: Stored, stored: unknown): Stored {
  if (typeof stored !== "object" || stored === null) return defaults;
  const entry = stored as Partial<Record<keyof Stored, unknown>>;
  const { name, language, muted, volume, calm, learned } = entry;
  return {
    name: typeof name === "string" ? name.slice(0, NAME_LIMIT_CHARS) : defaults.name,
    language:
      typeof language === "string" && language in languages ? (language as Language) : defaults.language,
    muted: typeof muted === "boolean" ? muted : defaults.muted,
    volume: typeof volume === "number" && volume >= 0 && volume <= 1 ? volume : defaults.volume,
    calm: typeof calm === "boolean" ? calm : defaults.calm,
    learned: Array.isArray(learned) ? learned.filter((hint) => typeof hint === "string") : defaults.learned,
  };
}

export const settings = signal<Stored>(load());

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
