//! The page's address. The server writes into the page where its root is (`<base>`): a proxy may serve it below a path.

import { attempt } from "../browser/capability.ts";

/** The URL of the server's root, with a slash at the end. */
export function serverUrl(): string {
  return new URL(".", document.baseURI).href;
}

/** The address of the page below the server's root, such as `/play/belt-1`. */
export function pagePath(): string {
  const root = new URL(serverUrl()).pathname;
  return location.pathname.startsWith(root) ? location.pathname.slice(root.length - 1) : location.pathname;
}

/** The URL for other people of an address below the server's root. */
export function publicUrl(path: string): string {
  const named = document.querySelector<HTMLMetaElement>("meta[name=public-url]")?.content;
  return new URL(path, named ?? serverUrl()).href;
}

/** The room of an invite link, `/play/<room>`. Rooms have small letters only; links are also typed. */
export function invitedRoom(path: string): string | undefined {
  return (
    decoded(/^\/play\/([^/]+)\/?$/.exec(path)?.[1])
      ?.trim()
      .toLowerCase() || undefined
  );
}

const LOCKED = /^locked-([a-z0-9]+)/;

/** The room of a code behind a password. */
export function lockedRoom(code: string): string {
  return `locked-${code}`;
}

/** Whether a room is behind a password. */
export function isLocked(room: string): boolean {
  return LOCKED.test(room);
}

/** What players call a room. */
export function roomTitle(room: string): string {
  return LOCKED.exec(room)?.[1] ?? room;
}

/** The mode of an invite link, `?mode=`. */
export function invitedMode(search: string): string | undefined {
  return new URLSearchParams(search).get("mode")?.trim().toLowerCase() || undefined;
}

/** Whether it is an address of the replay page. */
export function isReplayPath(path: string): boolean {
  return /^\/(replay|watch)(\/|$)/.test(path) || keptClip(path) !== undefined;
}

/** Whether it is an address of the list of matches, or of one of them. */
export function isWatchPath(path: string): boolean {
  return /^\/watch(\/|$)/.test(path);
}

/** The room whose match is watched, `/watch/<room>`. */
export function watchedRoom(path: string): string | undefined {
  return decoded(/^\/watch\/([^/]+)\/?$/.exec(path)?.[1]);
}

/** The address of a room's match below the server's root. */
export function watchPath(room: string): string {
  return `watch/${encodeURIComponent(room)}`;
}

/** The clip of an address `/c/<id>`. */
export function keptClip(path: string): string | undefined {
  return decoded(/^\/c\/([^/]+)$/.exec(path)?.[1]);
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

/** The address of a room below the server's root. */
export function roomPath(room: string): string {
  return `play/${encodeURIComponent(room)}`;
}

/** The address of a tick of a recording below the server's root. */
export function recordingPath(name: string, tick = 0): string {
  return `replay/${encodeURIComponent(name)}${tick > 0 ? `?t=${tick}` : ""}`;
}

/** Puts an address below the server's root into the address bar and the history. */
export function visit(path: string): void {
  const url = serverUrl() + path;
  if (location.href !== url) attempt("history", () => history.pushState(null, "", url), undefined);
}

function decoded(part: string | undefined): string | undefined {
  if (part === undefined) return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
