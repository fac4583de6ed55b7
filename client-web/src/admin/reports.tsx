//! What players have reported about each other; each report opens at its moment.

import type { JSX } from "preact";
import { t, whole } from "../locale/locale.ts";
import { recordingPath, serverUrl } from "../page/address.ts";
import { Name } from "../ui/name.tsx";
import type { Report } from "./api.ts";
import { admin } from "./model.ts";
import { date } from "./units.ts";

export function Reports(): JSX.Element {
  return (
    <section class="panel detail" aria-label={t("admin.section.reports")}>
      {admin.reports.value.length === 0 && <p class="small">{t("admin.noReports")}</p>}
      <ul class="seats">
        {admin.reports.value.map((report) => (
          <li key={`${report.room} ${report.tick} ${report.reporter.player}`}>
            <span>
              <b>
                <Name>{report.reported.name}</Name>
              </b>
              {report.reason && <bdi>{report.reason}</bdi>}
            </span>
            <span class="small">
              {[
                t("admin.reportedBy", { name: report.reporter.name }),
                report.room,
                t("admin.atTick", { tick: whole(report.tick) }),
                date(report.at),
              ].join(" · ")}
            </span>
            <span class="acts">
              <Moment report={report} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Opens the running room at the tick, or the recording of one that has ended. */
function Moment({ report }: { report: Report }): JSX.Element | null {
  const { room, tick, file } = report;
  const isRunning = admin.rooms.value?.some((one) => one.name === room && one.recording.file === file);
  if (file === null) return null;
  if (isRunning)
    return (
      <button type="button" onClick={() => (admin.travel.value = { room, tick })}>
        {t("admin.moment")}
      </button>
    );
  return (
    <a href={`${serverUrl()}${recordingPath(file)}?t=${tick}`} target="_blank" rel="noopener">
      {t("admin.moment")}
    </a>
  );
}
