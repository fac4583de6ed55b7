//! The net graph (F3): the newest numbers of the connection and how they went during the last seconds.

import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { type NetGraph, SPENT, type Spent } from "../core.ts";
import { digits, t } from "../locale/locale.ts";
import { model } from "./model.ts";

const SAMPLES = 120;
const WIDTH = 110;
const HEIGHT = 22;

interface Row {
  key: string;
  value(graph: NetGraph): number;
  text(value: number): string;
  /** The plot reaches at least this far up. */
  least: number;
}

const rows: readonly Row[] = [
  { key: "rtt", value: (graph) => graph.rttMs, text: milliseconds, least: 80 },
  { key: "jitter", value: (graph) => graph.jitterMs, text: milliseconds, least: 20 },
  {
    key: "snapshot",
    value: (graph) => graph.snapshotBytes,
    text: (value) => t("graph.bytes", { value: Math.round(value) }),
    least: 600,
  },
  {
    key: "rate",
    value: (graph) => graph.bytesPerSecond,
    text: (value) => t("graph.kilobytes", { value: digits(value / 1024, 1) }),
    least: 16_384,
  },
  { key: "delay", value: (graph) => graph.interpolationDelayMs, text: milliseconds, least: 120 },
  {
    key: "error",
    value: (graph) => graph.predictionErrorUnits,
    text: (value) => t("graph.units", { value: digits(value, 3) }),
    least: 0.5,
  },
  {
    key: "pending",
    value: (graph) => graph.pendingInputs,
    text: (value) => String(Math.round(value)),
    least: 8,
  },
  {
    key: "lead",
    value: (graph) => graph.inputLeadTicks,
    text: (value) => t("graph.ticks", { value: digits(value, 1) }),
    least: 4,
  },
  {
    key: "bend",
    value: (graph) => graph.rateBend * 100,
    text: (value) => t("graph.percent", { value: `${value < 0 ? "−" : "+"}${digits(Math.abs(value), 1)}` }),
    least: 4,
  },
  { key: "tick", value: (graph) => graph.serverTickMs, text: milliseconds, least: 10 },
];

/** The colours of what bytes are spent on, in the order of `SPENT`. */
const SPENT_COLOURS = [
  "#8d7bff",
  "#ff6f61",
  "#5f6a8f",
  "#4fe3ff",
  "#74f2b0",
  "#ffc24b",
  "#ff8ad1",
  "#e8ecff",
] as const;

function milliseconds(value: number): string {
  return t("graph.ms", { value: digits(value, 1) });
}

export function NetGraphPanel(): JSX.Element {
  const graph = model.netGraph.value;
  return (
    <section class="netgraph" aria-label={t("graph.title")}>
      {rows.map((row) => (
        <Plot key={row.key} row={row} graph={graph} />
      ))}
      {graph && <SpentRows spent={graph.spentBytesPerSecond} />}
      {graph && (
        <p>
          <span>{t("graph.load")}</span>
          <b class={graph.loadLevel > 0 ? "level strained" : "level"}>
            {t(`graph.loads.${graph.loadLevel}`)}
          </b>
        </p>
      )}
      <p>
        <span>{t("graph.transport")}</span>
        <b>{t(`transport.${model.transport.value}`)}</b>
      </p>
      <p>
        <span>{t("graph.fps")}</span>
        <b>{t("graph.perSecond", { value: model.fps.value })}</b>
      </p>
    </section>
  );
}

/** What the bytes of the last second said: a bar of shares, and each share by name. */
function SpentRows({ spent }: { spent: Spent }): JSX.Element {
  const total = Math.max(
    1,
    SPENT.reduce((sum, kind) => sum + spent[kind], 0),
  );
  const shares = SPENT.map((kind, index) => ({ kind, colour: SPENT_COLOURS[index], bytes: spent[kind] }));
  return (
    <section class="spent" aria-label={t("graph.spent.title")}>
      <div>
        {shares.map(({ kind, colour, bytes }) => (
          <i key={kind} style={{ width: `${(bytes / total) * 100}%`, background: colour }} />
        ))}
      </div>
      <ul>
        {shares.map(({ kind, colour, bytes }) => (
          <li key={kind}>
            <i style={{ background: colour }} />
            <span>{t(`graph.spent.${kind}`)}</span>
            <b>{t("graph.kilobytes", { value: digits(bytes / 1024, 2) })}</b>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Plot({ row, graph }: { row: Row; graph: NetGraph | undefined }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const history = useRef<number[]>([]);
  useSignalEffect(() => {
    const newest = model.netGraph.value;
    if (!newest) return;
    history.current.push(row.value(newest));
    if (history.current.length > SAMPLES) history.current.shift();
    const pen = canvas.current?.getContext("2d");
    if (pen) plot(pen, history.current, row.least);
  });
  return (
    <p>
      <span>{t(`graph.${row.key}`)}</span>
      <canvas ref={canvas} width={WIDTH * 2} height={HEIGHT * 2} />
      <b>{graph ? row.text(row.value(graph)) : ""}</b>
    </p>
  );
}

function plot(pen: CanvasRenderingContext2D, values: readonly number[], least: number): void {
  pen.setTransform(2, 0, 0, 2, 0, 0);
  pen.clearRect(0, 0, WIDTH, HEIGHT);
  const most = Math.max(least, ...values);
  // What can be negative has its zero in the middle.
  const low = values.some((value) => value < 0) ? -most : 0;
  pen.beginPath();
  values.forEach((value, index) => {
    const x = (index / (SAMPLES - 1)) * WIDTH;
    pen.lineTo(x, HEIGHT - 1 - ((value - low) / (most - low)) * (HEIGHT - 2));
  });
  pen.strokeStyle = "#4fe3ff";
  pen.lineWidth = 1.2;
  pen.stroke();
}
