//! Turns the core's notices into what the interface shows.

import { batch } from "@preact/signals";
import type { Notice } from "./core.ts";
import { has, t, whole } from "./locale/locale.ts";
import type { Mutes } from "./mutes.ts";
import { addLine, addToast, model } from "./ui/model.ts";

const KILL_SECONDS = 6;
const CHAT_SECONDS = 14;

/** Names of the players whose ships were seen. */
export class Names {
  private readonly byPlayer = new Map<number, string>();

  of(player: number): string {
    return this.byPlayer.get(player) ?? "";
  }

  set(player: number, name: string): void {
    this.byPlayer.set(player, name);
  }

  clear(): void {
    this.byPlayer.clear();
  }
}

/** Applies one notice; `goodbye` is the game's own business and ignored here. */
export function show(notice: Notice, names: Names, mutes?: Mutes): void {
  batch(() => {
    switch (notice.type) {
      case "welcome":
        model.room.value = notice.room;
        model.mode.value = notice.mode;
        model.player.value = notice.player;
        names.set(notice.player, notice.name);
        break;
      case "name":
        names.set(notice.player, notice.name);
        break;
      case "kill":
        showKill(notice);
        break;
      case "chat":
        if (mutes?.has(notice.name)) break;
        showChat(notice);
        break;
      case "system": {
        const key = `news.${notice.key}`;
        if (has(key)) tell(t(key, notice.values));
        break;
      }
      case "scoreboard":
        model.scores.value = { players: notice.players, rows: notice.rows };
        break;
      case "quotes":
        model.quotes.value = notice.stations;
        break;
    }
  });
}

/** A piece of news that fades. */
export function tell(text: string): void {
  addLine(model.talk, { kind: "news", who: "", text, own: "" }, 7, CHAT_SECONDS / 2);
}

function showChat({ player, name, text }: Extract<Notice, { type: "chat" }>): void {
  const canMute = player !== 0 && player !== model.player.value;
  addLine(model.talk, { kind: "chat", who: name, text, own: "", canMute }, 7, CHAT_SECONDS);
}

function showKill(kill: Extract<Notice, { type: "kill" }>): void {
  const who = kill.killer === 0 ? "" : kill.killerName;
  addLine(model.kills, { kind: "kill", who, text: kill.victimName, own: kill.self }, 5, KILL_SECONDS);
  if (kill.self === "victim") {
    model.killedBy.value = who;
    model.bounty.value = kill.bounty;
  } else if (kill.self === "killer") {
    addToast(t("toast.kill", { name: kill.victimName, bounty: whole(kill.bounty) }), "good");
  }
}
