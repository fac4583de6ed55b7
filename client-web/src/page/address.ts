//! The page's address.

import { attempt } from "../browser/capability.ts";

/** The room of an invite link, `/play/<room>`. Rooms have small letters only; links are also typed. */
export function invitedRoom(path: string): string | undefined {
  return (
    decoded(/^\/play\/([^/]+)\/?$/.exec(path)?.[1])
      ?.trim()
      .toLowerCase() || undefined
  );
}

/** Whether it is an address of the replay page. */
export function isReplayPath(path: string): boolean {
  return path === "/replay" || path.startsWith("/replay/");
}

/** Whether it is the address of the transport page. */
export function isTransportPath(path: string): boolean {
  return path === "/transport";
}

/** Whether it is the address of the administrators' page. */
export function isAdminPath(path: string): boolean {
  return path === "/admin";
}

/** The recording that the address names, and the tick to show: `/replay/<file>?t=<tick>`. */
export function namedRecording(path: string, search: string): { name: string; tick: number } | undefined {
  const name = decoded(/^\/replay\/([^/]+)$/.exec(path)?.[1]);
  if (name === undefined) return undefined;
  const tick = Number.parseInt(new URLSearchParams(search).get("t") ?? "", 10);
  return { name, tick: Number.isFinite(tick) && tick > 0 ? tick : 0 };
}

/** The address of a tick of a recording. */
export function recordingPath(name: string, tick = 0): string {
  return `/replay/${encodeURIComponent(name)}${tick > 0 ? `?t=${tick}` : ""}`;
}

/** Puts a path into the address bar and the history. */
export function visit(path: string): void {
  if (location.pathname + location.search !== path)
    attempt("history", () => history.pushState(null, "", path), undefined);
}

function decoded(part: string | undefined): string | undefined {
  if (part === undefined) return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
