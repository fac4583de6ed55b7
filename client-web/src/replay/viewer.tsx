//! The interface over a playing recording: timeline, speed, panels, and the state's hash.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { capturePointer, toggleFullScreen } from "../browser/view.ts";
import { t, title, whole } from "../locale/locale.ts";
import { pagePath, publicUrl, recordingPath } from "../page/address.ts";
import { KillFeed } from "../ui/board.tsx";
import { ChatLine } from "../ui/chat.tsx";
import { CopyLink } from "../ui/copy-link.tsx";
import { Evidence } from "../ui/evidence.tsx";
import { Toasts } from "../ui/hud.tsx";
import { Icon, type IconName } from "../ui/icons.tsx";
import { addToast, model } from "../ui/model.ts";
import { Name } from "../ui/name.tsx";
import { ClipBar } from "./clip.tsx";
import { KeyPage } from "./key-page.tsx";
import { megabytes } from "./list.tsx";
import { clockAt } from "./marks.ts";
import { replayModel, SPEEDS } from "./model.ts";
import { Panels } from "./panels.tsx";
import type { Player } from "./player.ts";
import { Timeline } from "./timeline.tsx";
import type { VideoDialog } from "./video/dialog.tsx";

export function Viewer(props: {
  player: Player;
  core: Promise<WebAssembly.Module>;
  /** What the button that closes it says. */
  back?: string;
  close(): void;
}): JSX.Element | null {
  const { player, close } = props;
  const state = replayModel.state.value;
  const { info } = player;
  if (!state) return null;
  if (replayModel.hidden.value) return <Toasts />;
  return (
    <div class="viewer">
      <header>
        <button type="button" onClick={close}>
          {props.back ?? t("replay.back")}
        </button>
        <p>
          <b>
            <Name>{info.name}</Name>
          </b>{" "}
          <span class="small">{`${title(info.mode)} · ${title(info.arena)} · ${info.simBuild}`}</span>
          {state.live && <span class="live">{t("watch.live")}</span>}
          {replayModel.loading.value && <Loading />}
          {!info.complete && !state.live && !replayModel.loading.value && (
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
        <Panels player={player} />
        <KillFeed />
      </aside>
      <DeathEvidence />
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
          {/* Before what a narrow screen scrolls out of sight. */}
          {state.live && (
            <button type="button" onClick={() => player.seekNewest()}>
              {t("watch.newest")}
            </button>
          )}
          <Action icon="stepBack" text="step" back press={() => player.nudge(-1)} />
          <Action icon="step" text="step" press={() => player.nudge(1)} />
          <Action icon="markBack" text="mark" back press={() => player.jump(-1)} />
          <Action icon="mark" text="mark" press={() => player.jump(1)} />
          <SlowMotion player={player} />
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
          <ClipBar player={player} />
          <SaveVideo player={player} core={props.core} />
          <LinkToMoment player={player} />
          <Action icon="hide" text="hide" press={hideInterface} />
          <Action icon="full" text="full" press={toggleFullScreen} />
          <Action
            icon="help"
            text="keys"
            press={() => {
              replayModel.keysShown.value = true;
            }}
          />
          <span class="truth" title={t("replay.hashTitle")}>
            <span>{t("replay.tick", { tick: whole(state.tick), ticks: whole(state.ticks) })}</span>
            <span class={state.divergedAt === null ? "sound" : "diverged"}>
              {state.divergedAt === null
                ? t("replay.hash", { hash: state.stateHash })
                : t("replay.diverged", { tick: whole(state.divergedAt) })}
            </span>
          </span>
        </div>
      </footer>
      {replayModel.keysShown.value && <KeyPage />}
    </div>
  );
}

/** What the simulation compared, of the death that is shown. */
function DeathEvidence(): JSX.Element | null {
  const facts = replayModel.state.value?.death?.evidence;
  if (!facts) return null;
  const shooter = replayModel.info.value?.players.find((player) => player.id === facts.shooter);
  return (
    <section class="panel evidence" aria-label={t("evidence.title")}>
      <Evidence facts={facts} shooter={shooter?.name ?? ""} />
    </section>
  );
}

/** Hides the interface, and says how it comes back. */
export function hideInterface(): void {
  replayModel.hidden.value = true;
  addToast(t("replay.hidden"), "good");
}

function Action(props: { icon: IconName; text: string; back?: boolean; press(): void }): JSX.Element {
  const text = t(`replay.action.${props.text}${props.back ? "Back" : ""}`);
  return (
    <button type="button" class="action" title={text} aria-label={text} onClick={props.press}>
      <Icon name={props.icon} />
    </button>
  );
}

/** Opens the dialog for videos, which is loaded when it is first asked for. */
function SaveVideo(props: { player: Player; core: Promise<WebAssembly.Module> }): JSX.Element {
  const dialog = useSignal<typeof VideoDialog | undefined>(undefined);
  const open = async () => {
    props.player.pause();
    dialog.value = (await import("./video/dialog.tsx")).VideoDialog;
  };
  const Dialog = dialog.value;
  return (
    <>
      <Action
        icon="film"
        text="video"
        press={() => void open().catch(() => addToast(t("error.load"), "bad"))}
      />
      {Dialog && (
        <Dialog
          {...props}
          close={() => {
            dialog.value = undefined;
          }}
        />
      )}
    </>
  );
}

/** Slow while it is held. */
function SlowMotion({ player }: { player: Player }): JSX.Element {
  const text = t("replay.action.slow");
  const end = () => player.slow(false);
  return (
    <button
      type="button"
      class="action"
      title={text}
      aria-label={text}
      onPointerDown={(event) => {
        capturePointer(event.currentTarget, event.pointerId);
        player.slow(true);
      }}
      onPointerUp={end}
      onPointerCancel={end}
      onContextMenu={(event) => event.preventDefault()}
    >
      <Icon name="slow" />
    </button>
  );
}

function LinkToMoment({ player }: { player: Player }): JSX.Element | null {
  const local = replayModel.local.value;
  // A match that goes on, and a kept clip, have the address of the page.
  if (!local && !pagePath().startsWith("/replay/")) return null;
  return (
    <CopyLink
      link={() => publicUrl(recordingPath(replayModel.fileName.value) + player.moment())}
      label={t(local ? "replay.local" : "replay.link")}
      disabled={local}
    >
      {(copied) => (
        <>
          <Icon name="link" />
          {copied && <span class="copied">{t("replay.copied")}</span>}
        </>
      )}
    </CopyLink>
  );
}

/** How much of the recording is read. */
function Loading(): JSX.Element {
  const { received, total } = replayModel.progress.value;
  return (
    <span class="loading">
      <progress max={total || 1} value={total ? received : undefined} aria-label={t("replay.opening")} />
      {total ? t("replay.read", { part: megabytes(received), total: megabytes(total) }) : ""}
    </span>
  );
}
