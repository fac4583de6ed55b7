//! The list of the server's recordings, and the area to drop a file.

import type { JSX } from "preact";
import { dateTime, digits, t, title } from "../locale/locale.ts";
import { recordingPath } from "../page/address.ts";
import { Name } from "../ui/name.tsx";
import { SettingsPanel } from "../ui/settings.tsx";
import { clock } from "./marks.ts";
import { type Recording, replayModel } from "./model.ts";
import { RowLink, Sheet } from "./sheet.tsx";

export interface ListActions {
  open(recording: Recording): void;
  openFile(file: File): void;
}

export function RecordingList({ actions }: { actions: ListActions }): JSX.Element {
  return (
    <Sheet title={t("replay.title")} other={{ path: "watch", title: t("watch.title") }}>
      <label class="panel drop">
        <b>{t("replay.drop")}</b>
        <span class="small">{t("replay.dropHint")}</span>
        <span class="button">{t("replay.choose")}</span>
        <input
          type="file"
          accept=".belt"
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            event.currentTarget.value = "";
            if (file) actions.openFile(file);
          }}
        />
      </label>
      <section class="panel scrolls">
        <h2>{t("replay.list")}</h2>
        <Rows actions={actions} />
      </section>
      <div class="panel corner">
        <SettingsPanel />
      </div>
    </Sheet>
  );
}

function Rows({ actions }: { actions: ListActions }): JSX.Element | null {
  const recordings = replayModel.recordings.value;
  if (recordings === undefined) return <div class="spinner" aria-hidden="true" />;
  if (recordings === "busy") return <p class="small">{t("replay.serverBusy")}</p>;
  if (recordings === "unreachable") return <p class="small">{t("replay.noServer")}</p>;
  if (recordings.length === 0) return <p class="small">{t("replay.none")}</p>;
  return (
    <ul>
      {recordings.map((recording) => (
        <li key={recording.name}>
          <RowLink path={recordingPath(recording.name)} open={() => actions.open(recording)}>
            <b>
              <Name>{recording.room}</Name>
            </b>
            <span>{dateTime(recording.startedAt)}</span>
            <span>{title(recording.mode)}</span>
            <span>{recording.ticks === null ? "" : clock(recording.ticks, recording.tickRate)}</span>
            <span>{size(recording.bytes)}</span>
          </RowLink>
        </li>
      ))}
    </ul>
  );
}

function size(bytes: number): string {
  return bytes < 1024 * 1024 ? t("replay.kilobytes", { value: Math.ceil(bytes / 1024) }) : megabytes(bytes);
}

export function megabytes(bytes: number): string {
  return t("replay.megabytes", { value: digits(bytes / 1024 / 1024, 1) });
}
