//! Shows the core's notices in the interface.

import { batch } from "@preact/signals";
import type { Notice } from "../core/core.ts";
import { has, t, title, whole } from "../locale/locale.ts";
import { addLine, addPing, addToast, model, showBanner } from "../ui/model.ts";
import type { Mutes } from "../ui/mutes.ts";
import { SIGNALS } from "../ui/signals.ts";
import { RoundHighlight } from "./highlight.ts";

const KILL_LINES = 5;
const KILL_SECONDS = 6;
const CHAT_LINES = 7;
const CHAT_SECONDS = 14;

const highlight = new RoundHighlight();

/** Names of the players whose ships have been in view. */
export type Names = Map<number, string>;

/** Shows one notice. Those about the connection are the game's to handle. */
export function show(notice: Notice, names: Names, mutes?: Mutes): void {
  batch(() => {
    switch (notice.type) {
      case "welcome":
        model.room.value = notice.room;
        model.mode.value = notice.mode;
        model.player.value = notice.player;
        model.upgrades.value = notice.upgrades;
        names.set(notice.player, notice.name);
        break;
      case "name":
        names.set(notice.player, notice.name);
        break;
      case "evidence":
        model.evidence.value = notice;
        break;
      case "kill":
        highlight.add(notice, performance.now());
        showKill(notice);
        break;
      case "chat":
        if (notice.player === 0) {
          showBanner(notice.text);
          break;
        }
        if (mutes?.hides(notice.player, notice.name)) break;
        showChat(notice);
        break;
      case "signal":
        if (mutes?.hides(notice.player, notice.name)) break;
        showChat({ ...notice, type: "chat", text: t(`signal.${SIGNALS[notice.signal]}`), toTeam: false });
        addPing(notice);
        break;
      case "system": {
        const key = `news.${notice.key}`;
        if (has(key)) addNews(t(key, notice.values));
        break;
      }
      case "scoreboard":
        model.scores.value = notice;
        break;
      case "round":
        if (notice.podium && !model.round.value.podium) model.highlight.value = highlight.best;
        if (notice.number !== model.round.value.number) highlight.clear();
        model.round.value = notice;
        break;
      case "arena":
        model.arena.value = notice;
        addNews(t("round.arena", { arena: title(notice.title) }));
        break;
      case "quotes":
        model.quotes.value = notice.stations;
        break;
    }
  });
}

/** Adds a line of news, which fades. */
export function addNews(text: string): void {
  addLine(model.chat, { kind: "news", name: "", text, own: null }, CHAT_LINES, CHAT_SECONDS / 2);
}

function showChat({ player, name, text, toTeam }: Extract<Notice, { type: "chat" }>): void {
  const canMute = player !== model.player.value;
  const line = { kind: "chat", name, text, own: null, canMute, toTeam } as const;
  addLine(model.chat, line, CHAT_LINES, CHAT_SECONDS);
}

function showKill(kill: Extract<Notice, { type: "kill" }>): void {
  const { killerName: name, victimName: text, own } = kill;
  const teams = [kill.killerTeam, kill.victimTeam] as const;
  addLine(model.kills, { kind: "kill", name, text, own, teams }, KILL_LINES, KILL_SECONDS);
  if (own === "victim") {
    model.killedBy.value = name;
  } else if (own === "killer") {
    addToast(t("toast.kill", { name: kill.victimName, bounty: whole(kill.bounty) }), "good");
  }
}
