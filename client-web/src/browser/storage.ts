//! The browser's storage, as JSON.

import { attempt } from "./capability.ts";

/** For all tabs and for good, or for this tab. */
type Area = "localStorage" | "sessionStorage";

/** What is stored under a key; undefined without it, and without storage. */
export function read(area: Area, key: string): unknown {
  return attempt(
    "storage",
    () => JSON.parse(globalThis[area].getItem(key) ?? "null") ?? undefined,
    undefined,
  );
}

/** Stores a value under a key; undefined removes it. */
export function write(area: Area, key: string, value: unknown): void {
  const use = () => {
    if (value === undefined) globalThis[area].removeItem(key);
    else globalThis[area].setItem(key, JSON.stringify(value));
  };
  attempt("storage", use, undefined);
}
