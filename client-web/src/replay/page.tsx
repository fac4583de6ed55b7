//! The replay page: plays recordings from the server or from a file, in this tab.

import { batch, signal } from "@preact/signals";
import { type JSX, render } from "preact";
import "./style.css";
import { Sound } from "../audio/sound.ts";
import { capturePointer } from "../browser/view.ts";
import { compileCore } from "../core/core.ts";
import { expose } from "../game/handle.ts";
import { isShortcut, positionOf } from "../input/keyboard.ts";
import { t } from "../locale/locale.ts";
import { namedRecording, recordingPath, visit } from "../page/address.ts";
import { type Hosts, reportedElsewhere } from "../page/hosts.ts";
import { animate } from "../page/loop.ts";
import { change, followCalm, settings } from "../page/settings.ts";
import { model } from "../ui/model.ts";
import { Attract } from "../view/attract.ts";
import { Stage } from "../view/stage.ts";
import { pressReplayKey } from "./keys.ts";
import { type ListActions, megabytes, RecordingList } from "./list.tsx";
import type { Source } from "./messages.ts";
import { type Recording, replayModel } from "./model.ts";
import { Player } from "./player.ts";
import { FILE_LIMIT_BYTES } from "./read.ts";
import { RemoteReplay, ReplayFailure } from "./remote.ts";
import { Viewer } from "./viewer.tsx";

const LIST_PATH = "/replay";
/** CSS pixels per wheel step, and its zoom factor. */
const WHEEL_PIXELS = 100;
const WHEEL_ZOOM = 1.15;
/** A press that moves less than this is a click. */
const CLICK_PIXELS = 5;

/** Opens the page for `/replay` or `/replay/<file>?t=<tick>`. Fails if the browser has no WebGL 2. */
export async function openReplayPage(hosts: Hosts): Promise<void> {
  const player = signal<Player | undefined>(undefined);
  const sound = new Sound();
  const attract = new Attract();
  const core = compileCore();
  const opened = Stage.open(hosts.stage);
  for (const part of [core, opened]) part.catch(reportedElsewhere);
  let stage: Stage | undefined;
  /** Ends the opening that is under way, if any: the newest wins. */
  let opening = new AbortController();
  const fps = animate((nowMs) => {
    if (!stage) return;
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
  };

  /** Shows the list, with what went wrong if something did. */
  const showList = (fault = "") => {
    batch(() => {
      closePlayer();
      replayModel.fault.value = fault;
      replayModel.screen.value = "list";
    });
    void fetchList();
  };

  const leave = () => {
    visit(LIST_PATH);
    showList();
  };

  const open = async (name: string, source: Source, tick: number) => {
    batch(() => {
      closePlayer();
      replayModel.fileName.value = name;
      replayModel.local.value = typeof source !== "string";
      replayModel.fault.value = "";
      replayModel.progress.value = { received: 0, total: undefined };
      replayModel.screen.value = "opening";
    });
    const mine = new AbortController();
    opening = mine;
    const progress = (received: number, total: number | undefined) => {
      if (!mine.signal.aborted) replayModel.progress.value = { received, total };
    };
    try {
      const remote = await RemoteReplay.open(await core, source, progress, mine.signal);
      const picture = await opened;
      if (mine.signal.aborted) return;
      remote.failed = (failure) => showList(describe(failure, name));
      const playing = new Player(remote, picture, sound);
      if (tick > 0) {
        playing.seek(tick);
        playing.pause();
      }
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
      visit(recordingPath(recording.name));
      void open(recording.name, sourceOf(recording.name), 0);
    },
    openFile: (file) => {
      // The address would name another recording.
      visit(LIST_PATH);
      void open(file.name, file, 0);
    },
  };

  const openAddress = () => {
    const asked = namedRecording(location.pathname, location.search);
    if (asked) void open(asked.name, sourceOf(asked.name), asked.tick);
    else showList();
  };

  render(<Page player={player} actions={actions} leave={leave} />, hosts.ui);
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
  return new URL(`/recordings/${encodeURIComponent(name)}`, location.href).href;
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
  }
}

function Page(props: {
  player: { value: Player | undefined };
  actions: ListActions;
  leave(): void;
}): JSX.Element {
  const player = props.player.value;
  const screen = replayModel.screen.value;
  if (screen === "viewer" && player) return <Viewer player={player} close={props.leave} />;
  if (screen === "opening") return <Opening cancel={props.leave} />;
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

async function fetchList(): Promise<void> {
  try {
    const response = await fetch("/api/recordings");
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

function listenToKeys(player: () => Player | undefined): void {
  addEventListener("keydown", (event) => {
    if (isShortcut(event)) return;
    const code = positionOf(event);
    if (code === "KeyM") change({ muted: !settings.value.muted });
    const open = player();
    if (!open || !pressReplayKey(open, { code, shiftKey: event.shiftKey })) return;
    // Else the space bar would also press the focused button, and the arrows move the slider.
    event.preventDefault();
  });
}

/** One finger or the mouse pans, a click follows a ship, two fingers or the wheel zoom. */
function listenToPointer(canvas: HTMLCanvasElement, player: () => Player | undefined): void {
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
    if (moved < CLICK_PIXELS && held.size === 0) player()?.followAt(event.clientX, event.clientY);
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
