//! The net graph (F3): the newest measurements of the connection, and plots of the last seconds.

import "../locale/pages.ts";
import "./style/netgraph.css";
import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { NetGraph } from "../core/core.ts";
import { digits, t, whole } from "../locale/locale.ts";
import type { Spent } from "../wasm/schema.ts";
import { model } from "./model.ts";

const SAMPLES = 120;
const WIDTH = 110;
const HEIGHT = 22;

interface Row {
  key: string;
  value(graph: NetGraph): number;
  text(value: number): string;
  /** Top of the plot at least. */
  top: number;
}

const rows: readonly Row[] = [
  { key: "rtt", value: (graph) => graph.rttMs, text: milliseconds, top: 80 },
  { key: "jitter", value: (graph) => graph.jitterMs, text: milliseconds, top: 20 },
  {
    key: "snapshot",
    value: (graph) => graph.snapshotBytes,
    text: (value) => t("graph.bytes", { value: Math.round(value) }),
    top: 600,
  },
  {
    key: "rate",
    value: (graph) => graph.bytesPerSecond,
    text: (value) => t("graph.kilobytes", { value: digits(value / 1024, 1) }),
    top: 16_384,
  },
  { key: "delay", value: (graph) => graph.interpolationDelayMs, text: milliseconds, top: 120 },
  {
    key: "error",
    value: (graph) => graph.predictionErrorUnits,
    text: (value) => t("graph.units", { value: digits(value, 3) }),
    top: 0.5,
  },
  {
    key: "pending",
    value: (graph) => graph.pendingInputs,
    text: (value) => String(Math.round(value)),
    top: 8,
  },
  {
    key: "lead",
    value: (graph) => graph.inputLeadTicks,
    text: (value) => t("graph.ticks", { value: digits(value, 1) }),
    top: 4,
  },
  {
    key: "bend",
    value: (graph) => graph.rateBend * 100,
    text: (value) => t("graph.percent", { value: `${value < 0 ? "−" : "+"}${digits(Math.abs(value), 1)}` }),
    top: 4,
  },
  { key: "tick", value: (graph) => graph.serverTickMs, text: milliseconds, top: 10 },
];

/** What snapshots' bytes are spent on, in the order shown, and its colours. */
const SPENT_COLOURS: Record<keyof Spent, string> = {
  appeared: "#8d7bff",
  gone: "#ff6f61",
  ids: "#5f6a8f",
  motion: "#4fe3ff",
  heading: "#74f2b0",
  state: "#ffc24b",
  events: "#ff8ad1",
  own: "#e8ecff",
};

/** The classes of `hitsByViewAge`. */
const AGES = ["0–50", "50–100", "100–150", "150–200", "200+"];

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
      {graph && <HitRows graph={graph} />}
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

/** The hits of the session: how many were judged in the past, how far ships were moved for it, and how old the view was. */
function HitRows({ graph }: { graph: NetGraph }): JSX.Element {
  const { hitsDealt, hitsTaken, hitsByViewAge } = graph;
  const most = Math.max(1, ...hitsByViewAge);
  const rows = [
    ["dealt", hitsDealt],
    ["taken", hitsTaken],
  ] as const;
  return (
    <>
      {rows.map(([key, { hits, rewound, moved }]) => (
        <p key={key} title={t("graph.hits.hint")}>
          <span>{t(`graph.hits.${key}`)}</span>
          <b class="level">
            {t("graph.hits.value", {
              hits: whole(hits),
              share: whole(hits > 0 ? (rewound / hits) * 100 : 0),
              moved: digits(moved, 1),
            })}
          </b>
        </p>
      ))}
      <p>
        <span>{t("graph.hits.ages")}</span>
        <i class="ages">
          {hitsByViewAge.map((count, index) => (
            <i
              key={AGES[index]}
              title={`${AGES[index]} ms: ${count}`}
              style={{ height: `${8 + (count / most) * 92}%` }}
            />
          ))}
        </i>
        <b>{t("graph.ms", { value: "0–200+" })}</b>
      </p>
    </>
  );
}

/** The bytes of the last second by what they were spent on: a bar of shares, and the numbers. */
function SpentRows({ spent }: { spent: Spent }): JSX.Element {
  const kinds = Object.keys(SPENT_COLOURS) as (keyof Spent)[];
  const shares = kinds.map((kind) => ({ kind, colour: SPENT_COLOURS[kind], bytes: spent[kind] }));
  const total = Math.max(
    1,
    shares.reduce((sum, { bytes }) => sum + bytes, 0),
  );
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
    if (pen) plot(pen, history.current, row.top);
  });
  return (
    <p>
      <span>{t(`graph.${row.key}`)}</span>
      <canvas ref={canvas} width={WIDTH * 2} height={HEIGHT * 2} />
      <b>{graph ? row.text(row.value(graph)) : ""}</b>
    </p>
  );
}

function plot(pen: CanvasRenderingContext2D, values: readonly number[], top: number): void {
  pen.setTransform(2, 0, 0, 2, 0, 0);
  pen.clearRect(0, 0, WIDTH, HEIGHT);
  const most = Math.max(top, ...values);
  // Zero is in the middle if there are negative values.
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
