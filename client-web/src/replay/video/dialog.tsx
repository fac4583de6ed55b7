//! The dialog for videos: what the film is to be, how far it is, and what this browser cannot do.

import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import "./style.css";
import { t, whole } from "../../locale/locale.ts";
import { settings } from "../../page/settings.ts";
import { megabytes } from "../list.tsx";
import { clock, clockAt } from "../marks.ts";
import { replayModel } from "../model.ts";
import type { Player } from "../player.ts";
import { chooseEncoding, type Encoding, type Lack } from "./codecs.ts";
import { leadTicks, makeFilm } from "./film.ts";
import {
  estimateBytes,
  type FilmOptions,
  fitsMemory,
  MEMORY_LIMIT_BYTES,
  RATES,
  SHAPES,
  type ShapeName,
} from "./format.ts";
import { chooseDestination, streams } from "./target.ts";

/** Frames after which the time left is told. */
const FRAMES_TIMED = 15;

/** A film that is being made. */
interface Making {
  done: number;
  frames: number;
  /** `performance.now()` of the first frame. */
  sinceMs: number;
}

export function VideoDialog(props: {
  player: Player;
  core: Promise<WebAssembly.Module>;
  close(): void;
}): JSX.Element {
  const { player, close } = props;
  const { info } = player;
  const dialog = useRef<HTMLDialogElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const options = useSignal<FilmOptions>({ shape: "hd", rate: 30, labelled: true, sound: true });
  const encoding = useSignal<Encoding | Lack | undefined>(undefined);
  const making = useSignal<Making | undefined>(undefined);
  const said = useSignal("");
  const work = useRef<AbortController>(null);
  const { shape } = options.value;
  const from = replayModel.clip.value.from ?? info.firstTick;
  const to = Math.min(replayModel.clip.value.to ?? info.ticks, info.ticks);
  const seconds = (to - from) / info.tickRate;

  // The browser keeps the focus inside, and gives it back.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    replayModel.filming.value = true;
    return () => {
      replayModel.filming.value = false;
      work.current?.abort();
    };
  }, []);
  useEffect(() => {
    let newest = true;
    void chooseEncoding(shape).then((chosen) => {
      if (newest) encoding.value = chosen;
    });
    return () => {
      newest = false;
    };
  }, [shape]);

  const make = async (chosen: Encoding) => {
    const name = `${info.name}-${clockAt(from, info).replace(":", "-")}`;
    const abort = new AbortController();
    work.current = abort;
    said.value = "";
    try {
      const destination = await chooseDestination(name, chosen.container);
      making.value = { done: 0, frames: 1, sinceMs: performance.now() };
      const job = {
        core: await props.core,
        clip: await player.cut(Math.max(info.firstTick, from - leadTicks(info.tickRate)), to),
        title: `${info.name} ${clockAt(from, info)}`,
        from,
        zeroTick: info.firstTick,
        ...player.view(),
        options: options.value,
        encoding: chosen,
        calm: settings.value.calm,
      };
      const progress = (done: number, frames: number) => {
        const sinceMs = done === 1 ? performance.now() : (making.value?.sinceMs ?? 0);
        making.value = { done, frames, sinceMs };
      };
      await makeFilm(job, canvas.current!, destination, progress, abort.signal);
      said.value = t("video.saved", { file: `${name}.${chosen.container}` });
    } catch (error) {
      if (!isAbort(error))
        said.value = t("video.failed", { reason: error instanceof Error ? error.message : String(error) });
    }
    making.value = undefined;
  };

  const change = (part: Partial<FilmOptions>) => {
    options.value = { ...options.value, ...part };
  };
  const possible = typeof encoding.value === "object" ? encoding.value : undefined;
  const bytes = estimateBytes(options.value, seconds);
  const isLarge = !streams() && !fitsMemory(options.value, seconds);
  const busy = making.value !== undefined;
  return (
    <dialog ref={dialog} class="panel video" aria-label={t("video.title")} onClose={close}>
      <h2>{t("video.title")}</h2>
      <p class="small">
        {t("video.range", {
          from: clockAt(from, info),
          to: clockAt(to, info),
          length: clock(to - from, info.tickRate),
        })}
      </p>
      <canvas ref={canvas} hidden={!busy} />
      {!busy && (
        <>
          <Choice title={t("video.picture")}>
            {(Object.keys(SHAPES) as ShapeName[]).map((name) => (
              <Option key={name} chosen={shape === name} choose={() => change({ shape: name })}>
                {t(`video.shape.${name}`)}
              </Option>
            ))}
          </Choice>
          <Choice title={t("video.rate")}>
            {RATES.map((rate) => (
              <Option key={rate} chosen={options.value.rate === rate} choose={() => change({ rate })}>
                {rate}
              </Option>
            ))}
          </Choice>
          <Tick
            label={t("video.labelled")}
            on={options.value.labelled}
            set={(labelled) => change({ labelled })}
          />
          <Tick label={t("video.sound")} on={options.value.sound} set={(sound) => change({ sound })} />
          {possible && (
            <p class="small">
              {t(`video.codec.${possible.video}`)}
              {options.value.sound && possible.audio && ` + ${t(`video.codec.${possible.audio}`)}`}
              {", "}
              {t("video.size", { size: megabytes(bytes) })}
            </p>
          )}
          {possible && options.value.sound && !possible.audio && <p class="small">{t("video.silent")}</p>}
        </>
      )}
      {typeof encoding.value === "string" && <p role="alert">{t(`video.lack.${encoding.value}`)}</p>}
      {isLarge && <p role="alert">{t("video.large", { limit: megabytes(MEMORY_LIMIT_BYTES) })}</p>}
      {making.value && <Progress {...making.value} />}
      <p class="small" role="status">
        {said.value}
      </p>
      <div class="row">
        <button type="button" onClick={() => (busy ? work.current?.abort() : dialog.current?.close())}>
          {t(busy ? "video.cancel" : "video.close")}
        </button>
        {!busy && (
          <button
            type="button"
            class="primary"
            disabled={!possible || isLarge || from >= to}
            onClick={() => possible && void make(possible)}
          >
            {t("video.make")}
          </button>
        )}
      </div>
    </dialog>
  );
}

function Progress({ done, frames, sinceMs }: Making): JSX.Element {
  const leftMs = ((performance.now() - sinceMs) / Math.max(1, done - 1)) * (frames - done);
  return (
    <>
      <progress max={frames} value={done} aria-label={t("video.title")} />
      <p class="small">
        {t("video.done", { done: whole(done), frames: whole(frames) })}
        {done >= FRAMES_TIMED && `, ${t("video.left", { time: clock(Math.ceil(leftMs / 1000), 1) })}`}
      </p>
    </>
  );
}

function Choice(props: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="row">
      <span>{props.title}</span>
      <fieldset class="segments" aria-label={props.title}>
        {props.children}
      </fieldset>
    </div>
  );
}

function Option(props: { chosen: boolean; choose(): void; children: ComponentChildren }): JSX.Element {
  return (
    <button type="button" aria-pressed={props.chosen} onClick={props.choose}>
      {props.children}
    </button>
  );
}

function Tick(props: { label: string; on: boolean; set(on: boolean): void }): JSX.Element {
  return (
    <label class="row">
      <span>{props.label}</span>
      <input
        type="checkbox"
        checked={props.on}
        onChange={(event) => props.set(event.currentTarget.checked)}
      />
    </label>
  );
}

/** Whether the user has changed their mind. */
function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
