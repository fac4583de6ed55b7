//! The replay page: plays recordings from the server or from a file, in this tab.

import { signal } from "@preact/signals";
import { type JSX, render } from "preact";
import "./style.css";
import { Sound } from "../audio/sound.ts";
import type { Core } from "../core/core.ts";
import { expose } from "../game/handle.ts";
import { t } from "../locale/locale.ts";
import { namedRecording, recordingPath } from "../page/address.ts";
import { type Hosts, reportedElsewhere } from "../page/hosts.ts";
import { animate } from "../page/loop.ts";
import { change, followCalm, settings } from "../page/settings.ts";
import { model } from "../ui/model.ts";
import { Attract } from "../view/attract.ts";
import { Stage } from "../view/stage.ts";
import { pressReplayKey } from "./keys.ts";
import { type ListActions, RecordingList } from "./list.tsx";
import { type Recording, replayModel } from "./model.ts";
import { Player } from "./player.ts";
import { Viewer } from "./viewer.tsx";

/** CSS pixels per wheel step, and its zoom factor. */
const WHEEL_PIXELS = 100;
const WHEEL_ZOOM = 1.15;
/** A press that moves less than this is a click. */
const CLICK_PIXELS = 5;

/** Opens the page for `/replay` or `/replay/<file>?t=<tick>`. */
export async function openReplayPage(hosts: Hosts, loading: Promise<Core>): Promise<void> {
  const player = signal<Player | undefined>(undefined);
  const sound = new Sound();
  const attract = new Attract();
  let stage: Stage | undefined;
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

  const close = () => {
    player.value?.close();
    player.value = undefined;
    replayModel.screen.value = "list";
    if (location.pathname !== "/replay") history.pushState(null, "", "/replay");
    void fetchList();
  };

  const openBytes = async (name: string, bytes: Promise<ArrayBuffer>, local: boolean, tick: number) => {
    replayModel.screen.value = "opening";
    replayModel.fileName.value = name;
    replayModel.fault.value = "";
    try {
      const [core, content] = await Promise.all([loading, bytes]);
      if (!stage) throw new Error(t("error.webgl"));
      player.value?.close();
      player.value = undefined;
      const opened = new Player(core, stage, sound, new Uint8Array(content));
      if (tick > 0) {
        opened.seek(tick);
        opened.pause();
      }
      player.value = opened;
      replayModel.local.value = local;
      replayModel.screen.value = "viewer";
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      replayModel.fault.value = error instanceof Unreachable ? reason : t("replay.bad", { reason });
      replayModel.screen.value = "list";
      if (replayModel.recordings.value === undefined) void fetchList();
    }
  };

  const actions: ListActions = {
    open: (recording) => {
      history.pushState(null, "", recordingPath(recording.name));
      void openBytes(recording.name, download(recording.name), false, 0);
    },
    openFile: (file) => void openBytes(file.name, file.arrayBuffer(), true, 0),
  };

  const openAddress = () => {
    const asked = namedRecording(location.pathname, location.search);
    if (asked) void openBytes(asked.name, download(asked.name), false, asked.tick);
    else if (player.value) close();
    else void fetchList();
  };

  loading.catch(reportedElsewhere);
  render(<Page player={player} actions={actions} close={close} />, hosts.ui);
  stage = await Stage.open(hosts.stage);
  const { camera } = stage;
  followCalm((calm) => {
    camera.reducedMotion = calm;
  });
  listenToFiles(actions);
  listenToKeys(() => player.value);
  listenToPointer(stage.canvas, () => player.value);
  addEventListener("popstate", openAddress);
  openAddress();
  await loading;
}

function Page(props: {
  player: { value: Player | undefined };
  actions: ListActions;
  close(): void;
}): JSX.Element {
  const player = props.player.value;
  const screen = replayModel.screen.value;
  if (screen === "viewer" && player) return <Viewer player={player} close={props.close} />;
  if (screen === "opening") {
    return (
      <div class="veil">
        <div class="panel dialog">
          <h2>{t("replay.opening", { name: replayModel.fileName.value })}</h2>
          <div class="spinner" aria-hidden="true" />
        </div>
      </div>
    );
  }
  return <RecordingList actions={props.actions} />;
}

class Unreachable extends Error {}

async function download(name: string): Promise<ArrayBuffer> {
  const unreachable = () => new Unreachable(t("replay.unreachable", { name }));
  const response = await fetch(`/recordings/${encodeURIComponent(name)}`).catch(() => {
    throw unreachable();
  });
  if (!response.ok) throw unreachable();
  return response.arrayBuffer();
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
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.code === "KeyM") change({ muted: !settings.value.muted });
    const open = player();
    if (!open || !pressReplayKey(open, event)) return;
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
    canvas.setPointerCapture(event.pointerId);
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
