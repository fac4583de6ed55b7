//! The replay page: plays recordings from the server or from a file, in this tab.

import "../locale/pages.ts";
import { batch, signal } from "@preact/signals";
import { type JSX, render } from "preact";
import "./style.css";
import "./panels.css";
import { Sound } from "../audio/sound.ts";
import { capturePointer, matches, toggleFullScreen } from "../browser/view.ts";
import { expose } from "../game/handle.ts";
import { isShortcut, positionOf } from "../input/keyboard.ts";
import { t } from "../locale/locale.ts";
import { seatHeaders } from "../net/seat.ts";
import {
  isWatchPath,
  keptClip,
  namedRecording,
  pagePath,
  recordingPath,
  serverUrl,
  visit,
  watchedRoom,
  watchPath,
} from "../page/address.ts";
import { ask, Unanswered } from "../page/ask.ts";
import { type Hosts, reportedElsewhere } from "../page/hosts.ts";
import { animate } from "../page/loop.ts";
import { change, followCalm, settings } from "../page/settings.ts";
import { model } from "../ui/model.ts";
import { Attract } from "../view/attract.ts";
import { Stage } from "../view/stage.ts";
import { SIM_BUILD } from "../wasm/schema.ts";
import { pressReplayKey } from "./keys.ts";
import { type ListActions, megabytes, RecordingList } from "./list.tsx";
import { compileReplayer } from "./load.ts";
import type { Source } from "./messages.ts";
import { type Recording, replayModel } from "./model.ts";
import { type Moment, readMoment } from "./moment.ts";
import { Player } from "./player.ts";
import { FILE_LIMIT_BYTES } from "./read.ts";
import { RemoteReplay, ReplayFailure } from "./remote.ts";
import { Scanner } from "./scan.ts";
import { hideInterface, Viewer } from "./viewer.tsx";
import { WatchList } from "./watch.tsx";

const LIST_PATH = "replay";
const WATCH_PATH = "watch";
/** Between two looks at a clip that is not shown yet. */
const CLIP_WAIT_MS = 3000;
/** CSS pixels per wheel step, and its zoom factor. */
const WHEEL_PIXELS = 100;
const WHEEL_ZOOM = 1.15;
/** A press that moves less than this is a click. */
const CLICK_PIXELS = 5;

/** Opens the page for `/replay`, `/replay/<file>?t=<tick>` or `/replay/<file>#t=12:34&follow=Comet&speed=0.5`. Fails if the browser has no WebGL 2. */
export async function openReplayPage(hosts: Hosts): Promise<void> {
  const player = signal<Player | undefined>(undefined);
  const sound = new Sound();
  // On a small screen the panel would cover the picture.
  if (matches("(max-width: 820px), (max-height: 520px)")) replayModel.panel.value = undefined;
  const attract = new Attract();
  const core = compileReplayer();
  const opened = Stage.open(hosts.stage);
  for (const part of [core, opened]) part.catch(reportedElsewhere);
  let stage: Stage | undefined;
  /** Ends the opening that is under way, if any: the newest wins. */
  let opening = new AbortController();
  const fps = animate((nowMs) => {
    if (!stage || replayModel.filming.value) return;
    if (player.value) player.value.animate(nowMs);
    else {
      attract.update(nowMs);
      stage.draw(attract.frame, { aim: undefined, follow: true, nameOf: () => "" }, nowMs);
    }
  });
  expose({
    core: () => undefined,
    ships: () => player.value?.ships() ?? [],
    phase: () => model.phase.value,
    transport: () => "websocket",
    fps,
    replay: () => player.value?.state(),
  });

  const closePlayer = () => {
    opening.abort();
    player.value?.close();
    player.value = undefined;
    replayModel.busy.value = false;
    replayModel.hidden.value = false;
    replayModel.keysShown.value = false;
  };

  /** Shows the list, with what went wrong if something did. */
  const showList = (fault = "") => {
    const watches = isWatchPath(pagePath());
    batch(() => {
      closePlayer();
      replayModel.fault.value = fault;
      replayModel.screen.value = watches ? "watch" : "list";
    });
    if (!watches) void fetchList();
  };

  const leave = () => {
    visit(isWatchPath(pagePath()) ? WATCH_PATH : LIST_PATH);
    showList();
  };

  const open = async (name: string, source: Source, tick = 0, moment: Moment = {}) => {
    batch(() => {
      closePlayer();
      replayModel.fileName.value = name;
      replayModel.local.value = source instanceof File;
      replayModel.fault.value = "";
      replayModel.progress.value = { received: 0, total: undefined };
      replayModel.screen.value = "opening";
    });
    const mine = new AbortController();
    opening = mine;
    const progress = (received: number, total: number | undefined, busy: boolean) => {
      if (mine.signal.aborted) return;
      replayModel.progress.value = { received, total };
      replayModel.fault.value = busy ? t("replay.serverBusy") : "";
    };
    try {
      const compiled = await core;
      const remote = await RemoteReplay.open(compiled, source, progress, mine.signal, {
        tick,
        seconds: moment.seconds ?? 0,
      });
      const picture = await opened;
      if (mine.signal.aborted) return;
      remote.failed = (failure) => showList(describe(failure, name));
      const playing = new Player(remote, picture, sound, new Scanner(compiled, source));
      if (tick > 0) {
        playing.seek(tick);
        playing.pause();
      }
      playing.show(moment);
      batch(() => {
        player.value = playing;
        replayModel.screen.value = "viewer";
      });
    } catch (error) {
      if (!mine.signal.aborted) showList(describe(error, name));
    }
  };

  const actions: ListActions = {
    open: (recording) => {
      // The server opens it with the client of that build, if it has kept one.
      if (recording.simBuild !== SIM_BUILD) {
        location.assign(serverUrl() + recordingPath(recording.name));
        return;
      }
      visit(recordingPath(recording.name));
      void open(recording.name, sourceOf(recording.name));
    },
    openFile: (file) => {
      // The address would name another recording.
      visit(LIST_PATH);
      void open(file.name, file);
    },
  };

  const openMatch = (room: string) => void open(room, { server: serverUrl(), room }, 0);

  /** Opens a kept clip, once it is shown. */
  const openClip = async (id: string) => {
    replayModel.fileName.value = id;
    replayModel.screen.value = "opening";
    const isAsked = () => keptClip(pagePath()) === id;
    const busy = () => {
      if (isAsked()) replayModel.fault.value = t("replay.serverBusy");
    };
    try {
      const response = await ask(`${serverUrl()}api/clips/${encodeURIComponent(id)}`, busy);
      const clip = (await response.json()) as { ready: boolean };
      if (!isAsked()) return;
      if (clip.ready) return void open(id, `${serverUrl()}clips/${encodeURIComponent(id)}`, 0);
      replayModel.fault.value = t("clip.waits");
    } catch (error) {
      if (!isAsked()) return;
      const isMissing = error instanceof Unanswered && error.status === 404;
      const reason = error instanceof Error ? error.message : String(error);
      return showList(isMissing ? t("clip.missing") : t("replay.unreachable", { name: id, reason }));
    }
    setTimeout(() => void openClip(id), CLIP_WAIT_MS);
  };

  const openAddress = () => {
    const [room, clip] = [watchedRoom(pagePath()), keptClip(pagePath())];
    if (room !== undefined) return openMatch(room);
    if (clip !== undefined) return void openClip(clip);
    const asked = namedRecording(pagePath(), location.search);
    const { fileName, local, screen } = replayModel;
    if (!asked) showList();
    else if (player.value && screen.value === "viewer" && !local.value && fileName.value === asked.name)
      player.value.show(readMoment(location.hash));
    else void open(asked.name, sourceOf(asked.name), asked.tick, readMoment(location.hash));
  };

  const watch = (room: string) => {
    visit(watchPath(room));
    openMatch(room);
  };
  render(<Page player={player} core={core} actions={actions} watch={watch} leave={leave} />, hosts.ui);
  void fetchLimits();
  stage = await opened;
  const { camera } = stage;
  followCalm((calm) => {
    camera.reducedMotion = calm;
  });
  listenToFiles(actions);
  listenToKeys(() => player.value);
  listenToPointer(stage.canvas, () => player.value);
  addEventListener("popstate", openAddress);
  openAddress();
  await core;
}

function sourceOf(name: string): string {
  return `${serverUrl()}recordings/${encodeURIComponent(name)}`;
}

/** Why a recording is not shown, in the player's language. */
function describe(error: unknown, name: string): string {
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ReplayFailure)) return t("replay.bad", { reason });
  switch (error.kind) {
    case "unreachable":
      return t("replay.unreachable", { name, reason });
    case "large":
      return t("replay.large", { limit: megabytes(FILE_LIMIT_BYTES) });
    case "broken":
      return t("replay.broken", { name, reason });
    case "bad":
      return t("replay.bad", { reason });
    case "closed":
      return t("watch.closed", { name });
  }
}

function Page(props: {
  player: { value: Player | undefined };
  core: Promise<WebAssembly.Module>;
  actions: ListActions;
  watch(room: string): void;
  leave(): void;
}): JSX.Element {
  const player = props.player.value;
  const screen = replayModel.screen.value;
  if (screen === "viewer" && player) return <Viewer player={player} core={props.core} close={props.leave} />;
  if (screen === "opening") return <Opening cancel={props.leave} />;
  if (screen === "watch") return <WatchList open={props.watch} />;
  return <RecordingList actions={props.actions} />;
}

function Opening({ cancel }: { cancel(): void }): JSX.Element {
  const { received, total } = replayModel.progress.value;
  return (
    <div class="veil">
      <div class="panel dialog" role="dialog" aria-label={t("replay.opening")}>
        <h2>
          {t("replay.opening")} <bdi>{replayModel.fileName.value}</bdi>
        </h2>
        {replayModel.fault.value && <p class="small">{replayModel.fault.value}</p>}
        <progress max={total || 1} value={total ? received : undefined} />
        <p class="small">
          {total ? t("replay.read", { part: megabytes(received), total: megabytes(total) }) : ""}
        </p>
        <button type="button" onClick={cancel}>
          {t("replay.cancel")}
        </button>
      </div>
    </div>
  );
}

async function fetchLimits(): Promise<void> {
  const response = await ask(`${serverUrl()}api/clips`).catch(() => undefined);
  const limits = response && ((await response.json()) as { kept: boolean });
  replayModel.keepsClips.value = limits?.kept === true;
}

async function fetchList(): Promise<void> {
  try {
    const busy = () => {
      replayModel.recordings.value = "busy";
    };
    const response = await ask(`${serverUrl()}api/recordings`, busy, { headers: seatHeaders() });
    const body = (await response.json()) as { recordings: Recording[] };
    replayModel.recordings.value = body.recordings.sort((a, b) => b.startedAt - a.startedAt);
  } catch {
    replayModel.recordings.value = "unreachable";
  }
}

function listenToFiles(actions: ListActions): void {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) actions.openFile(file);
  });
}

export function listenToKeys(player: () => Player | undefined): void {
  const endSlowMotion = () => player()?.slow(false);
  addEventListener("blur", endSlowMotion);
  addEventListener("keyup", (event) => {
    if (positionOf(event) === "KeyS") endSlowMotion();
  });
  addEventListener("keydown", (event) => {
    if (isShortcut(event) || replayModel.filming.value) return;
    const code = positionOf(event);
    if (code === "KeyM") change({ muted: !settings.value.muted });
    const open = player();
    if (!open) return;
    if (!pressInterfaceKey(code, event) && !pressReplayKey(open, { code, shiftKey: event.shiftKey })) return;
    // Else the space bar would also press the focused button, and the arrows move the slider.
    event.preventDefault();
  });
}

/** Keys that change what is shown over the picture. Returns whether it was one. */
function pressInterfaceKey(code: string, { key, repeat }: KeyboardEvent): boolean {
  const { hidden, keysShown, panel } = replayModel;
  if (key === "?") keysShown.value = !keysShown.value;
  else if (code === "Escape") {
    if (!hidden.value && !keysShown.value) return false;
    hidden.value = false;
    keysShown.value = false;
  } else if (code === "KeyH") {
    if (repeat) return true;
    if (hidden.value) hidden.value = false;
    else hideInterface();
  } else if (code === "KeyP") panel.value = panel.value ? undefined : "board";
  else if (code === "Enter" || code === "NumpadEnter") {
    // A button that has the focus keeps its key.
    if (document.activeElement instanceof HTMLButtonElement) return false;
    toggleFullScreen();
  } else return false;
  return true;
}

/** One finger or the mouse pans, a click follows a ship, two fingers or the wheel zoom. */
export function listenToPointer(canvas: HTMLCanvasElement, player: () => Player | undefined): void {
  const held = new Map<number, { x: number; y: number }>();
  let moved = 0;
  const spread = () => {
    const [one, other] = held.values();
    return other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (held.size === 0) moved = 0;
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    capturePointer(canvas, event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const last = held.get(event.pointerId);
    if (!last) return;
    const before = spread();
    const dx = event.clientX - last.x;
    const dy = event.clientY - last.y;
    moved += Math.hypot(dx, dy);
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (moved < CLICK_PIXELS) return;
    player()?.pan(dx / held.size, dy / held.size);
    if (before > 0) player()?.zoom(before / Math.max(1, spread()));
  });
  canvas.addEventListener("pointerup", (event) => {
    held.delete(event.pointerId);
    if (moved >= CLICK_PIXELS || held.size > 0) return;
    if (replayModel.hidden.value) replayModel.hidden.value = false;
    else player()?.followAt(event.clientX, event.clientY);
  });
  canvas.addEventListener("pointercancel", (event) => held.delete(event.pointerId));
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      player()?.zoom(WHEEL_ZOOM ** (event.deltaY / WHEEL_PIXELS));
    },
    { passive: false },
  );
}
