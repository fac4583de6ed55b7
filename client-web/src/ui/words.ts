//! Close codes in the player's language.

import { has, t } from "../locale/locale.ts";
import { CloseCode } from "../wasm/schema.ts";

/** Codes whose texts say all that the server's reason does. */
const SAID: readonly number[] = [
  CloseCode.Restarting,
  CloseCode.TakenOver,
  CloseCode.Left,
  CloseCode.Moved,
  CloseCode.WrongPassword,
];
/** What the server says where one code stands for several ends. */
const ENDS: Readonly<Record<string, string>> = {
  "this room was closed by a moderator": "roomClosed",
  "you are banned from this server": "banned",
  "too many wrong passwords from your network: try again in a minute": "passwords",
};
/** WebSocket codes of a server that goes away or is too busy. */
const GOING_AWAY = 1001;
const TRY_LATER = 1013;

/** The name of an end in the locales. */
function endOf(code: number, reason: string): string {
  return ENDS[reason] ?? String(code);
}

/** What a close code means, and what the server says about it, "" for nothing. */
export function explain(code: number, reason: string): { text: string; detail: string } {
  const end = endOf(code, reason);
  const key = `goodbye.${end}`;
  if (!has(key)) return { text: reason || t("goodbye.unknown", { code }), detail: "" };
  const said = SAID.includes(code) || end !== String(code);
  return { text: t(key), detail: reason && !said ? t("goodbye.server", { reason }) : "" };
}

/** What happened, in a few words. */
export function headline(code: number, reason: string): string {
  const key = `goodbye.titles.${endOf(code, reason)}`;
  return t(has(key) ? key : "goodbye.title");
}

/** What the player can do now, "" for nothing. */
export function nextStep(code: number, reason: string): string {
  const key = `goodbye.next.${endOf(code, reason)}`;
  return has(key) ? t(key) : "";
}

/** Whether another attempt may succeed. */
export function mayPlayAgain(code: number): boolean {
  return [CloseCode.TakenOver, CloseCode.Full, GOING_AWAY, TRY_LATER, CloseCode.TooSlow].includes(code);
}

/** Whether this room is closed to the player, but others may be open. */
export function needsOtherRoom(code: number, reason: string): boolean {
  return code === CloseCode.BadMessage || code === CloseCode.Full || endOf(code, reason) === "roomClosed";
}

/** Whether only another copy of the page can go on. */
export function needsReload(code: number): boolean {
  return code === CloseCode.VersionMismatch || code === CloseCode.ClientCouldNotRead;
}
