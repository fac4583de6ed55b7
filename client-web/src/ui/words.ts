//! Close codes in the player's language.

import { has, t } from "../locale/locale.ts";
import { CloseCode } from "../wasm/schema.ts";

/** Codes whose texts say all that the server's reason does. */
const SAID: readonly number[] = [CloseCode.Restarting, CloseCode.TakenOver, CloseCode.Left];

/** What a close code means, and what the server says about it, "" for nothing. */
export function explain(code: number, reason: string): { text: string; detail: string } {
  const key = `goodbye.${code}`;
  if (!has(key)) return { text: reason || t("goodbye.unknown", { code }), detail: "" };
  return { text: t(key), detail: reason && !SAID.includes(code) ? t("goodbye.server", { reason }) : "" };
}

/** What the player can do now, "" for nothing. */
export function nextStep(code: number): string {
  const key = `goodbye.next.${code}`;
  return has(key) ? t(key) : "";
}

/** Whether only another copy of the page can go on. */
export function needsReload(code: number): boolean {
  return code === CloseCode.VersionMismatch || code === CloseCode.ClientCouldNotRead;
}
