//! The list of the running matches.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t, title } from "../locale/locale.ts";
import { seatHeaders } from "../net/seat.ts";
import { recordingPath, serverUrl, watchPath } from "../page/address.ts";
import { ask } from "../page/ask.ts";
import { Name } from "../ui/name.tsx";
import { titleOf } from "./highlights.tsx";
import type { LiveRoom } from "./live.ts";
import { type BestMoment, type Matches, replayModel } from "./model.ts";
import { RowLink, Sheet } from "./sheet.tsx";

const REFRESH_MS = 5000;

export function WatchList({ open }: { open(room: string): void }): JSX.Element {
  useEffect(() => {
    const left = new AbortController();
    void refresh(left.signal);
    return () => left.abort();
  }, []);
  const matches = replayModel.matches.value;
  return (
    <Sheet title={t("watch.title")} other={{ path: "replay", title: t("replay.title") }}>
      <section class="panel scrolls">
        <h2>
          {typeof matches === "object" ? t("watch.list", { count: matches.delaySeconds }) : t("watch.title")}
        </h2>
        <Rows open={open} />
      </section>
      <Best />
    </Sheet>
  );
}

function Rows({ open }: { open(room: string): void }): JSX.Element {
  const matches = replayModel.matches.value;
  if (matches === undefined) return <div class="spinner" aria-hidden="true" />;
  if (matches === "busy") return <p class="small">{t("replay.serverBusy")}</p>;
  if (matches === "unreachable") return <p class="small">{t("replay.noServer")}</p>;
  if (matches.rooms.length === 0) return <p class="small">{t("watch.none")}</p>;
  return (
    <ul>
      {matches.rooms.map((match) => (
        <Row key={match.room} match={match} open={open} />
      ))}
    </ul>
  );
}

function Row({ match, open }: { match: LiveRoom; open(room: string): void }): JSX.Element {
  return (
    <li>
      <RowLink path={watchPath(match.room)} open={() => open(match.room)}>
        <b>
          <Name>{match.room}</Name>
        </b>
        <span>{title(match.mode)}</span>
        <span>{match.pieces === 0 ? t("watch.soon") : ""}</span>
      </RowLink>
    </li>
  );
}

/** The best moments of the day's recordings. */
function Best(): JSX.Element | null {
  const matches = replayModel.matches.value;
  if (typeof matches !== "object" || matches.best.length === 0) return null;
  return (
    <section class="panel scrolls">
      <h2>{t("watch.best")}</h2>
      <ul>
        {matches.best.map((best) => (
          <li key={`${best.recording}-${best.fromSeconds}-${best.name}`}>
            <a href={bestPath(best)}>
              <b>{titleOf(best, best.name)}</b>
              <span>
                <Name>{best.room}</Name>
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The address of a best moment below the server's root. */
function bestPath({ recording, fromSeconds, name }: BestMoment): string {
  return `${recordingPath(recording)}#t=${fromSeconds}&follow=${encodeURIComponent(name)}&play`;
}

/** Fetches the list again and again, until the signal says that nobody looks at it. */
async function refresh(left: AbortSignal): Promise<void> {
  const { matches } = replayModel;
  while (!left.aborted) {
    try {
      const busy = () => {
        if (typeof matches.value !== "object") matches.value = "busy";
      };
      const response = await ask(`${serverUrl()}api/watch`, busy, { headers: seatHeaders(), signal: left });
      matches.value = (await response.json()) as Matches;
    } catch {
      if (!left.aborted) matches.value = "unreachable";
    }
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
  }
}
