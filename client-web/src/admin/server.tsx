//! The server as a whole: its state, what it tells players, its end.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { t, whole } from "../locale/locale.ts";
import { Dialog } from "./dialog.tsx";
import { Facts } from "./facts.tsx";
import { FleetNodes } from "./fleet.tsx";
import { Line } from "./line.tsx";
import { admin, order } from "./model.ts";
import { duration, size } from "./units.ts";

const ENDS = [
  { key: "upgrade", path: "upgrade", body: {} },
  { key: "stop", path: "stop", body: { forGood: false } },
  { key: "stopForGood", path: "stop", body: { forGood: true } },
] as const;

export function ServerSection(): JSX.Element {
  const asked = useSignal<(typeof ENDS)[number] | undefined>(undefined);
  const server = admin.server.value;
  if (!server) return <div class="spinner" aria-hidden="true" />;
  const { files, bytes, freeBytes, directory } = server.recordings;
  const facts: readonly [string, string][] = [
    ["version", server.version],
    ["uptime", duration(server.uptimeSeconds)],
    ["connections", whole(server.connections)],
    ["recordings", t("admin.files", { count: files, size: size(bytes) })],
    ["free", freeBytes === null ? "–" : size(freeBytes)],
    ["directory", directory],
  ];
  const end = asked.value;
  return (
    <section class="panel detail" aria-label={t("admin.section.server")}>
      <Facts facts={facts} />
      {admin.fleet.value && <FleetNodes fleet={admin.fleet.value} />}
      <Line
        name="announce"
        label={t("admin.announceAll")}
        act={t("admin.send")}
        submit={(text) => order("announce", { text }, t("admin.announced"))}
      />
      <Line
        key={server.messageOfTheDay}
        name="message"
        label={t("admin.message")}
        act={t("admin.save")}
        value={server.messageOfTheDay}
        submit={(text) => order("message-of-the-day", { text }, t("admin.saved"))}
      />
      <div class="row">
        <button
          type="button"
          aria-pressed={server.draining}
          onClick={() => {
            const draining = !server.draining;
            void order("drain", { draining }, t(draining ? "admin.drainingNow" : "admin.openNow"));
          }}
        >
          {t(server.draining ? "admin.open" : "admin.drain")}
        </button>
        {ENDS.map((one) => (
          <button
            key={one.key}
            type="button"
            class="danger"
            onClick={() => {
              asked.value = one;
            }}
          >
            {t(`admin.${one.key}`)}
          </button>
        ))}
      </div>
      {end && (
        <Dialog
          title={t(`admin.${end.key}`)}
          act={t(`admin.${end.key}`)}
          danger
          confirm={() => void order(end.path, end.body, t("admin.asked"))}
          close={() => {
            asked.value = undefined;
          }}
        >
          <p>{t(`admin.${end.key}Ask`)}</p>
        </Dialog>
      )}
    </section>
  );
}
