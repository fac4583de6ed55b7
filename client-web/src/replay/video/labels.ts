//! The interface of a film, drawn into its picture: who is followed, the clock, the best, and the kill feed.

import type { Notice, ScoreRow } from "../../core/core.ts";
import type { Frame } from "../../core/frame.ts";
import { t, title, whole } from "../../locale/locale.ts";
import { iconPath } from "../../ui/icons.tsx";
import type { FixedSize } from "../../view/stage.ts";
import { HeaderWord } from "../../wasm/schema.ts";
import { clock } from "../marks.ts";

const ROWS = 5;
const KILL_LINES = 5;
const KILL_SECONDS = 6;
const FADE_SECONDS = 0.5;
const EDGE = 22;
const LINE = 24;
const BOARD_WIDTH = 230;
const ICON = 16;
const NAME_WIDTH = 180;

const Ink = {
  plain: "#eaf0ff",
  dim: "#a3b0d8",
  self: "#4fe3ff",
  danger: "#ff6b5e",
  ore: "#ffb43d",
  shade: "rgba(7, 10, 30, 0.55)",
  outline: "rgba(5, 8, 24, 0.9)",
} as const;

type Kill = Extract<Notice, { type: "kill" }>;

/** What the film's interface knows of the match. */
export class FilmLabels {
  readonly names = new Map<number, string>();
  private rows: ScoreRow[] = [];
  private kills: { kill: Kill; atSeconds: number }[] = [];
  private readonly skull = new Path2D(iconPath("skull"));

  /** `zeroTick` is the tick from which the clock counts where there are no rounds. */
  constructor(
    private readonly match: { mode: string; tickRate: number; zeroTick: number },
    private readonly shape: FixedSize,
  ) {}

  /** Takes notice of what happened at a time of the film. */
  take(notice: Notice, atSeconds: number): void {
    if (notice.type === "name") this.names.set(notice.player, notice.name);
    else if (notice.type === "scoreboard") this.rows = notice.rows;
    else if (notice.type === "kill")
      this.kills = [...this.kills, { kill: notice, atSeconds }].slice(-KILL_LINES);
  }

  /** Draws over a frame. */
  draw(pen: CanvasRenderingContext2D, frame: Frame, seconds: number): void {
    const { width, resolution } = this.shape;
    pen.save();
    pen.scale(resolution, resolution);
    pen.textBaseline = "middle";
    pen.direction = "ltr";
    pen.lineJoin = "round";
    const own = this.rows.find((row) => row.own);
    if (own) {
      this.write(pen, own.name, EDGE, EDGE + 14, 24, 700, Ink.self, "left", width / 2 - 90);
      this.write(pen, whole(own.score), EDGE, EDGE + 48, 30, 700, Ink.ore, "left");
    }
    this.write(pen, this.clock(frame), width / 2, EDGE + 14, 26, 700, Ink.plain, "center");
    this.write(pen, title(this.match.mode), width / 2, EDGE + 40, 15, 500, Ink.dim, "center");
    const below = this.drawBoard(pen, width - EDGE - BOARD_WIDTH);
    this.drawKills(pen, width - EDGE, below, seconds);
    pen.restore();
  }

  private clock(frame: Frame): string {
    const round = frame.f[HeaderWord.RoundSeconds];
    const { tickRate, zeroTick } = this.match;
    if (round >= 0) return clock(Math.ceil(round) * tickRate, tickRate);
    return clock(frame.u[HeaderWord.Tick] - zeroTick, tickRate);
  }

  private drawBoard(pen: CanvasRenderingContext2D, left: number): number {
    const best = this.rows.filter(({ rank }) => rank <= ROWS).slice(0, ROWS);
    if (best.length === 0) return EDGE;
    const height = best.length * LINE + 10;
    pen.fillStyle = Ink.shade;
    pen.beginPath();
    pen.roundRect(left, EDGE, BOARD_WIDTH, height, [4, 14]);
    pen.fill();
    for (const [index, { rank, name, score, own }] of best.entries()) {
      const y = EDGE + 5 + LINE * (index + 0.5);
      const ink = own ? Ink.self : Ink.plain;
      this.write(pen, String(rank), left + 12, y, 15, 500, Ink.dim, "left");
      this.write(pen, name, left + 34, y, 15, 500, ink, "left", BOARD_WIDTH - 110);
      this.write(pen, whole(score), left + BOARD_WIDTH - 12, y, 15, 600, ink, "right");
    }
    return EDGE + height + 10;
  }

  private drawKills(pen: CanvasRenderingContext2D, right: number, top: number, seconds: number): void {
    this.kills = this.kills.filter(({ atSeconds }) => seconds - atSeconds < KILL_SECONDS);
    for (const [index, { kill, atSeconds }] of this.kills.entries()) {
      const y = top + LINE * (index + 0.5);
      pen.globalAlpha = Math.min(1, (KILL_SECONDS - (seconds - atSeconds)) / FADE_SECONDS);
      const ink = kill.own === "victim" ? Ink.danger : kill.own === "killer" ? Ink.self : Ink.plain;
      const victim = this.write(pen, kill.victimName, right, y, 15, 600, ink, "right", NAME_WIDTH);
      const middle = right - victim - 8 - ICON;
      pen.save();
      pen.translate(middle, y - ICON / 2);
      pen.scale(ICON / 24, ICON / 24);
      pen.lineWidth = 2.2;
      pen.strokeStyle = ink;
      pen.stroke(this.skull);
      pen.restore();
      const killer = kill.killerName || t("kill.asteroid");
      this.write(pen, killer, middle - 8, y, 15, 600, ink, "right", NAME_WIDTH);
    }
    pen.globalAlpha = 1;
  }

  /** Writes a text with a dark outline, and returns its width. */
  private write(
    pen: CanvasRenderingContext2D,
    text: string,
    x: number,
    y: number,
    size: number,
    weight: number,
    ink: string,
    align: CanvasTextAlign,
    most = Number.POSITIVE_INFINITY,
  ): number {
    pen.font = `${weight} ${size}px Tektur, "Segoe UI", sans-serif`;
    pen.textAlign = align;
    pen.lineWidth = 4;
    pen.strokeStyle = Ink.outline;
    pen.fillStyle = ink;
    const width = Math.min(most, pen.measureText(text).width);
    pen.strokeText(text, x, y, width + 1);
    pen.fillText(text, x, y, width + 1);
    return width;
  }
}
