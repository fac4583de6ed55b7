//! The letters on the person's keyboard.

import { attemptLater } from "./capability.ts";

type Navigator = typeof navigator & { keyboard?: { getLayoutMap(): Promise<ReadonlyMap<string, string>> } };

/** What each key types, by its position as `KeyboardEvent.code`; empty where the browser does not tell. */
export async function keyboardLayout(): Promise<ReadonlyMap<string, string>> {
  const read = async () => (await (navigator as Navigator).keyboard?.getLayoutMap()) ?? new Map();
  return attemptLater("keyboard layout", read, new Map());
}
