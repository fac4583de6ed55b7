//! What the console shows, and how it keeps that up to date.

import { batch, signal } from "@preact/signals";
import { t } from "../locale/locale.ts";
import {
  type Ban,
  type Fleet,
  get,
  hasToken,
  type Player,
  post,
  Refused,
  type Report,
  type Room,
  roomPath,
  type ServerState,
  setToken,
} from "./api.ts";

export const SECTIONS = ["rooms", "reports", "server", "bans", "log"] as const;
export type Section = (typeof SECTIONS)[number];

const REFRESH_MS = 1000;

export const admin = {
  loggedIn: signal(hasToken()),
  section: signal<Section>("rooms"),
  rooms: signal<Room[] | undefined>(undefined),
  /** The room whose players are shown. */
  room: signal(""),
  players: signal<Player[]>([]),
  server: signal<ServerState | undefined>(undefined),
  /** `null` for a server that stands alone. */
  fleet: signal<Fleet | null>(null),
  log: signal<string[]>([]),
  bans: signal<Ban[]>([]),
  reports: signal<Report[]>([]),
  /** Whose past is shown, from which tick on; the newest without one. */
  travel: signal<{ room: string; tick?: number } | undefined>(undefined),
  /** Why the server does not answer, or refused the last order. */
  fault: signal(""),
  /** What the last order has done. */
  news: signal(""),
};

/** Takes a token of the host, or the secret of a link. */
export async function logIn(given: { token: string } | { link: string }): Promise<void> {
  try {
    const token = "token" in given ? given.token : (await post<{ token: string }>("login", given)).token;
    setToken(token);
    await get("server");
    batch(() => {
      admin.fault.value = "";
      admin.loggedIn.value = true;
    });
    void refresh();
  } catch (error) {
    setToken("");
    admin.fault.value =
      error instanceof Refused && error.status === 401 && "token" in given
        ? t("admin.wrongToken")
        : reason(error);
  }
}

export function logOut(): void {
  void post("logout", {}).catch(() => undefined);
  forget();
}

function forget(): void {
  setToken("");
  admin.loggedIn.value = false;
}

/** Carries out an order, and says what has become of it. */
export async function order(path: string, body: object, news: string): Promise<boolean> {
  try {
    await post(path, body);
    batch(() => {
      admin.news.value = news;
      admin.fault.value = "";
    });
    await refresh();
    return true;
  } catch (error) {
    batch(() => {
      admin.news.value = "";
      admin.fault.value = reason(error);
    });
    return false;
  }
}

/** Asks the server again and again while the page is visible. */
export function keepUp(): void {
  const next = async () => {
    const isShown = admin.loggedIn.value && !admin.travel.value;
    if (isShown && document.visibilityState === "visible") await refresh();
    setTimeout(next, REFRESH_MS);
  };
  void next();
}

async function refresh(): Promise<void> {
  try {
    const { rooms } = await get<{ rooms: Room[] }>("rooms");
    const chosen = rooms.find((room) => room.name === admin.room.value) ?? rooms[0];
    const section = admin.section.value;
    const [listed, server, fleet, log, bans, reports] = await Promise.all([
      chosen && section === "rooms" ? players(chosen.name) : [],
      section === "server" || admin.server.value === undefined ? get<ServerState>("server") : undefined,
      section === "server" ? get<{ fleet: Fleet | null }>("fleet") : undefined,
      section === "log" ? get<{ lines: string[] }>("log") : undefined,
      section === "bans" ? get<{ bans: Ban[] }>("bans") : undefined,
      section === "reports" ? get<{ reports: Report[] }>("reports") : undefined,
    ]);
    batch(() => {
      admin.rooms.value = rooms;
      admin.room.value = chosen?.name ?? "";
      admin.players.value = listed;
      if (server) admin.server.value = server;
      if (fleet) admin.fleet.value = fleet.fleet;
      if (log) admin.log.value = log.lines;
      if (bans) admin.bans.value = bans.bans;
      if (reports) admin.reports.value = reports.reports;
      if (unanswered) admin.fault.value = "";
    });
    unanswered = false;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      forget();
      admin.fault.value = t("admin.ended");
      return;
    }
    unanswered = true;
    admin.fault.value = reason(error);
  }
}

/** Whether the fault shown is about the last refresh, not about an order. */
let unanswered = false;

/** None if the room has just ended. */
async function players(room: string): Promise<Player[]> {
  const listed = get<{ players: Player[] }>(roomPath(room));
  return listed.then(
    (answer) => answer.players,
    (error: unknown) => {
      if (error instanceof Refused && error.status === 404) return [];
      throw error;
    },
  );
}

export function reason(error: unknown): string {
  if (error instanceof Refused) return error.message || `${error.status}`;
  // Of `fetch`, which says nothing that helps.
  if (error instanceof TypeError) return t("admin.unreachable");
  return error instanceof Error ? error.message : String(error);
}
