//! The timeline: a native slider, over a canvas with the marks of the match.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { observeSize } from "../browser/view.ts";
import type { ReplayInfo } from "../core/core.ts";
import { t } from "../locale/locale.ts";
import { clockAt, columns, describeMark, nearestMark, shareAt, tickAt } from "./marks.ts";
import { replayModel } from "./model.ts";
import type { Player } from "./player.ts";

const HEIGHT = 40;
const ROW = 8;
/** The pointer finds a mark within this many CSS pixels. */
const REACH = 6;
/** CSS pixels of a column of marks, and the opacity of the emptiest one. */
const COLUMN = 2;
const FAINTEST = 0.45;
/** Opacity of other players' marks, relative, while one is followed. */
const OTHERS = 0.5;

export function Timeline({ player, info }: { player: Player; info: ReplayInfo }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const hover = useSignal<{ x: number; text: string } | undefined>(undefined);
  const tick = replayModel.tick.value;
  const following = replayModel.state.value?.following ?? 0;
  useEffect(() => {
    const surface = canvas.current;
    if (!surface) return;
    return observeSize([surface], () => drawMarks(surface, info, following));
  }, [info, following]);
  const point = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = event.clientX - box.left;
    const at = tickAt(x / box.width, info);
    const mark = nearestMark(info.marks, at, (REACH / box.width) * (info.ticks - info.firstTick));
    const words = mark ? ` · ${describeMark(mark, info)}` : "";
    hover.value = { x, text: clockAt(mark?.tick ?? at, info) + words };
  };
  return (
    <div class="timeline">
      <canvas ref={canvas} />
      <i class="head" style={{ left: `${shareAt(tick, info) * 100}%` }} />
      <input
        type="range"
        min={info.firstTick}
        max={info.ticks}
        step="1"
        value={tick}
        aria-label={t("replay.timeline")}
        aria-valuetext={clockAt(tick, info)}
        onInput={(event) => player.seek(event.currentTarget.valueAsNumber)}
        onPointerMove={point}
        onPointerLeave={() => {
          hover.value = undefined;
        }}
      />
      {hover.value && (
        <span class="tip" style={{ left: `${hover.value.x}px` }}>
          {hover.value.text}
        </span>
      )}
    </div>
  );
}

function drawMarks(canvas: HTMLCanvasElement, info: ReplayInfo, following: number): void {
  const width = canvas.clientWidth;
  const pen = canvas.getContext("2d");
  if (!pen || width === 0) return;
  const sharp = Math.min(2, devicePixelRatio);
  canvas.width = width * sharp;
  canvas.height = HEIGHT * sharp;
  pen.scale(sharp, sharp);
  pen.fillStyle = "rgba(150, 175, 255, 0.12)";
  pen.fillRect(0, HEIGHT / 2 - 1, width, 2);
  const shown = columns(info.marks, info, Math.floor(width / COLUMN), following);
  for (const { x, row, colour, share, own } of shown) {
    // The followed player's stand out.
    pen.globalAlpha = own ? 1 : (FAINTEST + (1 - FAINTEST) * share) * (following === 0 ? 1 : OTHERS);
    pen.fillStyle = colour;
    pen.fillRect(x * COLUMN, 4 + row * ROW, COLUMN, ROW - 2);
  }
}
