//! Time travel: a running room's recording up to now, at any tick: the picture, every component and its history, the repro, forks.

import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Sound } from "../audio/sound.ts";
import { save } from "../browser/save.ts";
import type { InspectedSubject } from "../core/core.ts";
import { expose } from "../game/handle.ts";
import { t, whole } from "../locale/locale.ts";
import { publicUrl } from "../page/address.ts";
import { animate } from "../page/loop.ts";
import { compileReplayer } from "../replay/load.ts";
import type { Seen } from "../replay/messages.ts";
import { replayModel } from "../replay/model.ts";
import { listenToKeys, listenToPointer } from "../replay/page.tsx";
import { Player } from "../replay/player.ts";
import { RemoteReplay } from "../replay/remote.ts";
import { Scanner } from "../replay/scan.ts";
import { Viewer } from "../replay/viewer.tsx";
import { Stage } from "../view/stage.ts";
import { download, post, roomPath } from "./api.ts";
import { admin, reason } from "./model.ts";

interface Journey {
  room: string;
  core: Promise<WebAssembly.Module>;
  remote: RemoteReplay;
  player: Player;
}

const journey = signal<Journey | undefined>(undefined);
const fault = signal("");
const seen = signal<Seen | undefined>(undefined);
const subject = signal("world");
const component = signal("");
/** A wider window shows the inspector beside the picture, in CSS pixels. */
const WIDE_PIXELS = 900;

let opened: Promise<{ stage: Stage; core: WebAssembly.Module }> | undefined;

/** Opened once: the renderer is kept for the next journey. */
function open(host: HTMLElement): Promise<{ stage: Stage; core: WebAssembly.Module }> {
  opened ??= Promise.all([Stage.open(host), compileReplayer()]).then(([stage, core]) => {
    const player = () => journey.value?.player;
    const fps = animate((nowMs) => player()?.animate(nowMs));
    listenToKeys(player);
    listenToPointer(stage.canvas, player);
    expose({
      core: () => undefined,
      ships: () => player()?.ships() ?? [],
      phase: () => "playing",
      transport: () => "websocket",
      fps,
      replay: () => player()?.state(),
    });
    return { stage, core };
  });
  return opened;
}

/** Loads the room's recording up to now, and shows a tick of it; the newest if none is given. */
async function enter(host: HTMLElement, room: string, tick?: number): Promise<void> {
  try {
    const [{ stage, core }, blob] = await Promise.all([open(host), download(`${roomPath(room)}/recording`)]);
    const file = new File([blob], room);
    const remote = await RemoteReplay.open(core, file, () => {}, new AbortController().signal);
    if (admin.travel.value?.room !== room) return remote.close();
    journey.value?.player.close();
    const player = new Player(remote, stage, new Sound(), new Scanner(core, file));
    remote.failed = (failure) => {
      fault.value = failure.message;
    };
    replayModel.local.value = true;
    closePanel();
    player.pause();
    player.seek(tick ?? player.info.ticks);
    fault.value = "";
    journey.value = { room, core: Promise.resolve(core), remote, player };
  } catch (error) {
    fault.value = reason(error);
  }
}

/** In a narrow window the panel would cover the inspector. */
function closePanel(): void {
  if (innerWidth <= WIDE_PIXELS) replayModel.panel.value = undefined;
}

function leave(): void {
  journey.value?.player.close();
  journey.value = undefined;
  seen.value = undefined;
  fault.value = "";
  admin.travel.value = undefined;
}

export function Travel({ host }: { host: HTMLElement }): JSX.Element {
  const target = admin.travel.value;
  useEffect(() => {
    if (target) void enter(host, target.room, target.tick);
  }, [target, host]);
  const here = journey.value;
  if (fault.value) {
    return (
      <div class="veil">
        <div class="panel dialog" role="alert">
          <p>{fault.value}</p>
          <button type="button" onClick={leave}>
            {t("admin.back")}
          </button>
        </div>
      </div>
    );
  }
  if (!here) return <div class="spinner" aria-hidden="true" />;
  return (
    <div class="travel">
      <Viewer player={here.player} core={here.core} back={t("admin.back")} close={leave} />
      <Inspector journey={here} host={host} />
    </div>
  );
}

function Inspector({ journey, host }: { journey: Journey; host: HTMLElement }): JSX.Element {
  const { room, remote, player } = journey;
  const tick = replayModel.state.value?.tick ?? 0;
  const wanted = `${tick} ${subject.value} ${component.value}`;
  const looking = useSignal("");
  useEffect(() => {
    // One question at a time: while the recording plays, ticks are left out.
    if (looking.value !== "") return;
    looking.value = wanted;
    void remote
      .look(subject.value, component.value)
      .then(
        (answer) => {
          seen.value = answer;
        },
        () => {
          seen.value = undefined;
        },
      )
      .finally(() => {
        looking.value = "";
      });
  }, [wanted, remote, looking.value]);
  const isOpen = useSignal(innerWidth > WIDE_PIXELS);
  const panel = replayModel.panel.value;
  useEffect(() => {
    if (panel && innerWidth <= WIDE_PIXELS) isOpen.value = false;
  }, [panel, isOpen]);
  useEffect(() => {
    addEventListener("resize", closePanel);
    return () => removeEventListener("resize", closePanel);
  }, []);
  return (
    <details
      class="panel inspector"
      open={isOpen.value}
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
        if (isOpen.value) closePanel();
      }}
    >
      <summary>{t("admin.inspector", { tick: whole(tick) })}</summary>
      <div class="row">
        <Repro remote={remote} room={room} tick={tick} />
        <Fork room={room} tick={tick} />
        <button type="button" onClick={() => void enter(host, room, tick)}>
          {t("admin.newest")}
        </button>
      </div>
      <Subjects subjects={seen.value?.world.subjects ?? []} />
      <Components />
      <History player={player} />
    </details>
  );
}

function Repro(props: { remote: RemoteReplay; room: string; tick: number }): JSX.Element {
  const cut = async () => {
    try {
      save(await props.remote.repro(), `${props.room}-${props.tick}.belt`);
    } catch (error) {
      fault.value = reason(error);
    }
  };
  return (
    <button type="button" title={t("admin.reproTitle")} onClick={() => void cut()}>
      {t("admin.repro")}
    </button>
  );
}

function Fork({ room, tick }: { room: string; tick: number }): JSX.Element {
  const forked = useSignal("");
  const refused = useSignal("");
  const fork = async () => {
    try {
      forked.value = (await post<{ room: string }>(`${roomPath(room)}/fork`, { tick })).room;
      refused.value = "";
    } catch (error) {
      refused.value = reason(error);
    }
  };
  return (
    <>
      <button type="button" title={t("admin.forkTitle")} onClick={() => void fork()}>
        {t("admin.fork")}
      </button>
      <span class="forked" role="status">
        {refused.value}
        {forked.value && (
          <a href={publicUrl(`play/${encodeURIComponent(forked.value)}`)} target="_blank" rel="noopener">
            {forked.value}
          </a>
        )}
      </span>
    </>
  );
}

function Subjects({ subjects }: { subjects: InspectedSubject[] }): JSX.Element {
  const nameOf = ({ key, label }: InspectedSubject) => (label === "" ? key : `${key} · ${label}`);
  const isThere = subjects.some(({ key }) => key === subject.value);
  return (
    <label>
      <span>{t("admin.subject")}</span>
      <select
        name="subject"
        value={subject.value}
        onChange={(event) => {
          subject.value = event.currentTarget.value;
          component.value = "";
        }}
      >
        {!isThere && <option value={subject.value}>{subject.value}</option>}
        {subjects.map((one) => (
          <option key={one.key} value={one.key}>
            {nameOf(one)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Components(): JSX.Element {
  const components = seen.value?.components ?? [];
  if (components.length === 0) return <p class="small">{t("admin.absent")}</p>;
  return (
    <ul class="components" aria-label={t("admin.components")}>
      {components.map(({ name, value }) => (
        <li key={name}>
          <button
            type="button"
            aria-pressed={component.value === name}
            onClick={() => {
              component.value = component.value === name ? "" : name;
            }}
          >
            <span>{name}</span>
            <b>{value}</b>
          </button>
        </li>
      ))}
    </ul>
  );
}

function History({ player }: { player: Player }): JSX.Element | null {
  const changes = seen.value?.changes ?? [];
  if (component.value === "" || changes.length === 0) return null;
  return (
    <section class="history">
      <h3>{t("admin.history", { component: component.value })}</h3>
      <ul>
        {[...changes].reverse().map((change) => (
          <li key={change.tick}>
            <button type="button" onClick={() => player.seek(change.tick)}>
              {whole(change.tick)}
            </button>
            <span>{change.value || t("admin.absent")}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
