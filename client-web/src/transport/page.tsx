//! The transport page: WebSocket, long polls and short polls side by side, live, with one player each.

import "../locale/pages.ts";
import { type JSX, render } from "preact";
import "./style.css";
import type { Core } from "../core/core.ts";
import { expose } from "../game/handle.ts";
import { digits, t } from "../locale/locale.ts";
import { TRANSPORTS } from "../net/transport/transport.ts";
import { serverUrl } from "../page/address.ts";
import type { Hosts } from "../page/hosts.ts";
import { SettingsPanel } from "../ui/settings.tsx";
import type { Rates } from "./rates.ts";
import { type Measurement, Trial } from "./trial.ts";

/** All three play in this room, so that they receive the same and disturb no match. */
const ROOM = "transports";
const PLOT_WIDTH = 120;
const PLOT_HEIGHT = 36;
/** Top of the plot at least, in milliseconds. */
const PLOT_TOP_MS = 60;

const rows: readonly { key: string; text(rates: Rates): string }[] = [
  { key: "overhead", text: (rates) => t("graph.bytes", { value: digits(rates.overheadBytesPerMessage, 0) }) },
  { key: "payload", text: (rates) => t("graph.bytes", { value: digits(rates.payloadBytesPerMessage, 0) }) },
  { key: "requests", text: (rates) => t("graph.perSecond", { value: digits(rates.requestsPerSecond, 1) }) },
  { key: "messages", text: (rates) => t("graph.perSecond", { value: digits(rates.messagesPerSecond, 1) }) },
  { key: "bytes", text: (rates) => t("graph.kilobytes", { value: digits(rates.bytesPerSecond / 1024, 1) }) },
];

/** Opens the page at `/transport`. */
export async function openTransportPage(hosts: Hosts, loading: Promise<Core>): Promise<void> {
  const core = await loading;
  const trials = TRANSPORTS.map((kind) => new Trial(core, kind, { url: serverUrl(), room: ROOM }));
  addEventListener("pagehide", () => {
    for (const trial of trials) trial.leave();
  });
  expose({
    core: () => trials[0].state(),
    ships: () => [],
    phase: () => "playing",
    transport: () => trials[0].kind,
    fps: () => 0,
    replay: () => undefined,
  });
  render(<Page trials={trials} />, hosts.ui);
}

function Page({ trials }: { trials: readonly Trial[] }): JSX.Element {
  return (
    <main class="transports sheet scrolls">
      <header>
        <h1>{t("transport.title")}</h1>
        <a href="./">{t("replay.game")}</a>
      </header>
      <p>{t("transport.lead")}</p>
      <div class="columns">
        {trials.map((trial) => (
          <Column key={trial.kind} trial={trial} />
        ))}
      </div>
      <section class="panel method">
        <h2>{t("transport.method")}</h2>
        <p class="small">{t("transport.players")}</p>
        <p class="small">{t("transport.latencyHow")}</p>
        <p class="small">{t("transport.overheadHow")}</p>
      </section>
      <div class="panel corner">
        <SettingsPanel />
      </div>
    </main>
  );
}

function Column({ trial }: { trial: Trial }): JSX.Element {
  const { kind } = trial;
  const measurement = trial.measurement.value;
  const { status, latencyMs, rates } = measurement;
  return (
    <section class="panel column" data-transport={kind} data-status={status}>
      <h2>{t(`transport.${kind}`)}</h2>
      <p class="small">{t(`transport.about.${kind}`)}</p>
      {status === "running" && latencyMs !== undefined ? (
        <p class="latency">
          <b>{digits(latencyMs, 0)}</b> {t("transport.ms")}
        </p>
      ) : (
        <p class="latency">{t(`transport.${status}`)}</p>
      )}
      {measurement.reason && <p class="small">{measurement.reason}</p>}
      <Plot measurement={measurement} />
      <PayloadShare rates={rates} />
      <dl>
        {rows.map(({ key, text }) => (
          <div key={key}>
            <dt>{t(`transport.${key}`)}</dt>
            <dd data-value={key}>{rates ? text(rates) : "–"}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The newest round trips. */
function Plot({ measurement }: { measurement: Measurement }): JSX.Element {
  const { latenciesMs } = measurement;
  const most = Math.max(PLOT_TOP_MS, ...latenciesMs);
  const points = latenciesMs.map((ms, index) => {
    const x = PLOT_WIDTH * (1 - (latenciesMs.length - 1 - index) / 59);
    return `${x.toFixed(1)},${(PLOT_HEIGHT - 1 - (ms / most) * (PLOT_HEIGHT - 2)).toFixed(1)}`;
  });
  return (
    <svg viewBox={`0 0 ${PLOT_WIDTH} ${PLOT_HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points.join(" ")} />
    </svg>
  );
}

/** The share of the bytes that is messages. */
function PayloadShare({ rates }: { rates: Rates | undefined }): JSX.Element {
  const { payloadBytesPerMessage: payload = 0, overheadBytesPerMessage: overhead = 0 } = rates ?? {};
  const share = payload === 0 ? 0 : (100 * payload) / (payload + overhead);
  return (
    <div class="shares" role="img" aria-label={t("transport.share", { value: digits(share, 0) })}>
      <i style={{ width: `${share}%` }} />
      <span>{rates ? t("transport.share", { value: digits(share, 0) }) : ""}</span>
    </div>
  );
}
