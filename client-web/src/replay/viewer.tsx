//! The interface over a playing recording: timeline, speed, players to follow, and the state's hash.

import type { JSX } from "preact";
import { t, title, whole } from "../locale/locale.ts";
import { recordingPath } from "../page/address.ts";
import { KillFeed } from "../ui/board.tsx";
import { ChatLine } from "../ui/chat.tsx";
import { CopyLink } from "../ui/copy-link.tsx";
import { Icon } from "../ui/icons.tsx";
import { model } from "../ui/model.ts";
import { Name } from "../ui/name.tsx";
import { clockAt } from "./marks.ts";
import { replayModel } from "./model.ts";
import { type Player, SPEEDS } from "./player.ts";
import { Timeline } from "./timeline.tsx";

export function Viewer({ player, close }: { player: Player; close(): void }): JSX.Element | null {
  const state = replayModel.state.value;
  const { info } = player;
  if (!state) return null;
  return (
    <div class="viewer">
      <header>
        <button type="button" onClick={close}>
          {t("replay.back")}
        </button>
        <p>
          <b>
            <Name>{info.name}</Name>
          </b>{" "}
          <span class="small">{`${title(info.mode)} · ${title(info.arena)} · ${info.simBuild}`}</span>
          {!info.complete && (
            <span class="warning" title={info.warning}>
              {t("replay.incomplete")}
            </span>
          )}
        </p>
        <ul class="chat">
          {model.chat.value.map((line) => (
            <ChatLine key={line.key} line={line} />
          ))}
        </ul>
      </header>
      <aside>
        <KillFeed />
        <Players player={player} />
      </aside>
      {replayModel.busy.value && (
        <p class="panel busy" role="status">
          {t("replay.busy")}
          <button type="button" onClick={close}>
            {t("replay.stop")}
          </button>
        </p>
      )}
      <footer class="panel">
        <Timeline player={player} info={info} />
        <div class="controls">
          <button type="button" class="primary" onClick={() => player.toggle()}>
            <Icon name={state.playing ? "pause" : "play"} />
            <span class="label">{t(state.playing ? "replay.pause" : "replay.play")}</span>
          </button>
          <b class="time">
            {clockAt(replayModel.tick.value, info)} / {clockAt(state.ticks, info)}
          </b>
          <fieldset class="segments" aria-label={t("replay.speed")}>
            {SPEEDS.map((speed) => (
              <button
                key={speed}
                type="button"
                aria-pressed={state.speed === speed}
                onClick={() => player.setSpeed(speed)}
              >
                {speed}×
              </button>
            ))}
          </fieldset>
          <button
            type="button"
            aria-pressed={replayModel.freeCamera.value}
            class={replayModel.freeCamera.value ? "on" : ""}
            onClick={() => player.toggleFreeCamera()}
          >
            {t("replay.free")}
          </button>
          <LinkToMoment tick={state.tick} />
          <span class="truth" title={t("replay.hashTitle")}>
            <span>{t("replay.tick", { tick: whole(state.tick), ticks: whole(state.ticks) })}</span>
            <span class={state.divergedAt === null ? "sound" : "diverged"}>
              {state.divergedAt === null
                ? t("replay.hash", { hash: state.stateHash })
                : t("replay.diverged", { tick: whole(state.divergedAt) })}
            </span>
          </span>
        </div>
        <p class="small keys-line">{t("replay.keys")}</p>
      </footer>
    </div>
  );
}

function Players({ player }: { player: Player }): JSX.Element {
  const state = replayModel.state.value;
  const scores = new Map(model.scores.value.rows.map((row) => [row.player, row.score]));
  const scoreOf = (id: number) => scores.get(id) ?? 0;
  const present = player
    .presentAt(state?.tick ?? player.info.firstTick)
    .sort((one, other) => scoreOf(other.id) - scoreOf(one.id));
  return (
    <section class="players scrolls">
      <h2>{t("replay.players")}</h2>
      <ul>
        {present.map((other) => (
          <li key={other.id}>
            <button
              type="button"
              class={`${other.drone ? "drone" : ""}`}
              aria-pressed={!replayModel.freeCamera.value && state?.following === other.id}
              onClick={() => player.follow(other.id)}
            >
              <Name>{other.name}</Name>
              <b>{whole(scoreOf(other.id))}</b>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function LinkToMoment({ tick }: { tick: number }): JSX.Element {
  const local = replayModel.local.value;
  return (
    <CopyLink
      link={location.origin + recordingPath(replayModel.fileName.value, tick)}
      label={t(local ? "replay.local" : "replay.link")}
      disabled={local}
    >
      {(copied) => (
        <>
          <Icon name="link" />
          {copied && <span class="label"> {t("replay.copied")}</span>}
        </>
      )}
    </CopyLink>
  );
}
