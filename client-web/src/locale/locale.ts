//! The language of the page. A file of `assets/locales` is a language. English comes with the script; others are loaded when chosen.

import { signal } from "@preact/signals";
import i18next from "i18next";
import { attempt, report } from "../browser/capability.ts";
import * as english from "./english.ts";

/** The code of a language, the name of its file. */
export type Language = string;

const files = import.meta.glob<object>(
  ["../../../assets/locales/*.json", "!../../../assets/locales/en.json"],
  { import: "default" },
);
const loaders = new Map(Object.entries(files).map(([path, load]) => [codeOf(path), load]));

/** What the languages call themselves, by their codes. */
export const languages: Readonly<Record<Language, string>> = Object.fromEntries(
  ["en", ...loaders.keys()].map((code) => [code, nameOf(code)]),
);

function codeOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1, -".json".length);
}

function nameOf(code: string): string {
  const named = () => new Intl.DisplayNames(code, { type: "language" }).of(code);
  const name = attempt("internationalization", named, undefined) ?? code;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

const current = signal<Language>("en");

// Without a logger of the page's, each text that needs a plural would report that `Intl` is missing.
const logger = {
  type: "logger" as const,
  log() {},
  warn() {},
  error: (args: unknown[]) => report("internationalization", args.join(" ")),
};

await i18next.use(logger).init({
  lng: "en",
  fallbackLng: "en",
  resources: { en: { translation: { ...english } } },
  interpolation: { escapeValue: false },
});

/** The language in use; components that read it render again when it changes. */
export function language(): Language {
  return current.value;
}

/** Adds English texts that did not come with the script. */
export function addEnglish(texts: object): void {
  i18next.addResourceBundle("en", "translation", texts, true, true);
}

export async function setLanguage(next: Language): Promise<void> {
  const load = loaders.get(next);
  if (load && !i18next.hasResourceBundle(next, "translation"))
    i18next.addResourceBundle(next, "translation", await load());
  await i18next.changeLanguage(next);
  document.documentElement.lang = next;
  current.value = next;
}

/** Placeholders that hold what people wrote. */
const WRITTEN: ReadonlySet<string> = new Set(["name", "other", "text", "room", "reason"]);

/** The text for a key. `values` fill its placeholders; `count` picks the plural. What people wrote keeps its direction to itself. */
export function t(key: string, values: Record<string, string | number> = {}): string {
  current.value;
  const shown: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(values))
    shown[name] = WRITTEN.has(name) && typeof value === "string" ? isolated(value) : value;
  return i18next.t(key, shown);
}

/** Between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE (UAX #9). */
function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}

/** Whether the locale has a text for this key. */
export function has(key: string): boolean {
  return i18next.exists(key);
}

/** The title of a mode or an arena; a title that the locale does not have stays as it is. */
export function title(given: string): string {
  const key = `title.${given}`;
  return has(key) ? t(key) : given;
}

/** A number in the language's notation, with `count` decimals. */
export function digits(value: number, count: number): string {
  const fraction = { minimumFractionDigits: count, maximumFractionDigits: count };
  const localized = () => value.toLocaleString(current.value, fraction);
  return attempt("internationalization", localized, undefined) ?? value.toFixed(count);
}

/** A date and time in the language's notation. */
export function dateTime(unixMs: number): string {
  const format = () =>
    new Intl.DateTimeFormat(current.value, { dateStyle: "medium", timeStyle: "short" }).format(unixMs);
  return (
    attempt("internationalization", format, undefined) ??
    attempt("internationalization", () => new Date(unixMs).toISOString(), "")
  );
}

/** A whole number in the language's notation. */
export function whole(value: number): string {
  return digits(value, 0);
}

/** The first of the browser's languages that the game has. */
export function preferredLanguage(
  wanted: readonly string[] = globalThis.navigator?.languages ?? [],
): Language {
  for (const tag of wanted) {
    const base = tag.split("-")[0];
    if (Object.hasOwn(languages, base)) return base;
  }
  return "en";
}
