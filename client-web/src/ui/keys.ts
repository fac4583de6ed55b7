//! The keys and pad buttons that the player has bound, and how they are called.

import { computed, signal } from "@preact/signals";
import { keyboardLayout } from "../browser/layout.ts";
import {
  type ActionName,
  boundKeys,
  boundPad,
  buttonsOf,
  byInput,
  FIXED_KEY,
  isKey,
  isPadInput,
  readChanged,
} from "../input/bindings.ts";
import { has, t } from "../locale/locale.ts";
import { settings } from "../page/settings.ts";

// Binding releases held keys, so a change of another setting must not bind again.
const storedKeys = computed(() => settings.value.keys);
const storedPad = computed(() => settings.value.pad);
export const changedKeys = computed(() => readChanged(storedKeys.value, isKey));
export const changedPad = computed(() => readChanged(storedPad.value, isPadInput));
export const keys = computed(() => boundKeys(changedKeys.value));
export const pad = computed(() => boundPad(changedPad.value));

const actionByKey = computed(() => byInput(keys.value));

/** What a key does. */
export function actionOfKey(code: string): ActionName | undefined {
  return code === FIXED_KEY ? "menu" : actionByKey.value.get(code);
}

const layout = signal<ReadonlyMap<string, string>>(new Map());

/** Follows the layout: it may have changed whenever the page gets the focus back. */
export function followLayout(): void {
  const look = async () => {
    layout.value = await keyboardLayout();
  };
  addEventListener("focus", () => void look());
  void look();
}

const SIGNS: Readonly<Record<string, string>> = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "Esc",
  Comma: ",",
  Period: ".",
  Minus: "−",
  Equal: "=",
  BracketLeft: "[",
  BracketRight: "]",
  Semicolon: ";",
  Quote: "'",
  Backquote: "`",
  Backslash: "\\",
  Slash: "/",
};

/** The name of a key on the person's keyboard. */
export function keyLabel(code: string, typed: ReadonlyMap<string, string> = layout.value): string {
  const [, family, rest] = /^(Digit|Numpad|Key)?(.*?)(?:Left|Right)?$/.exec(code) ?? [];
  // Digits are printed on keys that type a sign without Shift, as on a French keyboard.
  if (family === "Digit") return rest;
  const letter = typed.get(code)?.trim();
  if (letter && family !== "Numpad") return letter.toUpperCase();
  if (SIGNS[code] !== undefined) return SIGNS[code];
  if (family === "Numpad") return has(`key.${rest}`) ? t(`key.${rest}`) : `Num ${rest}`;
  if (family === "Key") return rest;
  return has(`key.${rest}`) ? t(`key.${rest}`) : code;
}

const PAD_LABELS = "A,B,X,Y,LB,RB,LT,RT,View,Menu,LS,RS,✚ ↑,✚ ↓,✚ ←,✚ →".split(",");

/** The name of an input of a pad in the standard mapping. */
export function padLabel(input: number): string {
  return buttonsOf(input)
    .map((button) => PAD_LABELS[button] ?? String(button))
    .join(" + ");
}

/** The names of an action's keys, each once. */
export function labelsOf(action: ActionName): string[] {
  const codes = action === "menu" ? [...keys.value.menu, FIXED_KEY] : keys.value[action];
  return [...new Set(codes.map((code) => keyLabel(code)))];
}

/** The name of an action's first key. */
export function labelOf(action: ActionName): string {
  return labelsOf(action)[0] ?? "–";
}
