//! The scoreboard and the kill feed.

import type { JSX } from "preact";
import { t, title, whole } from "../locale/locale.ts";
import { Icon } from "./icons.tsx";
import { model } from "./model.ts";
import { Name } from "./name.tsx";
import { PlayerName } from "./player-name.tsx";

const ROWS = 8;

/** The teams with their scores, which come from team 1 on. */
export function numbered(scores: readonly number[]): { team: number; score: number }[] {
  return scores.map((score, index) => ({ team: index + 1, score }));
}

export function Board(): JSX.Element | null {
  const { players, humans, rows, teams } = model.scores.value;
  if (rows.length === 0) return null;
  const top = rows.filter((row) => row.rank <= ROWS).slice(0, ROWS);
  const own = rows.find((row) => row.own && !top.includes(row));
  const shown = own ? [...top, own] : top;
  return (
    <section class="board">
      <h2>
        <span>{title(model.mode.value)}</span>
        {[
          t("hud.pilots", { count: humans }),
          ...(players > humans ? [t("hud.drones", { count: players - humans })] : []),
        ].join(", ")}
      </h2>
      {teams.length > 0 && (
        <ul class="teams">
          {numbered(teams).map(({ team, score }) => (
            <li key={team} class={`team${team}`}>
              <span>{t("team.name", { number: team })}</span>
              <b>{whole(score)}</b>
            </li>
          ))}
        </ul>
      )}
      <ol>
        {shown.map((row) => (
          <li
            key={row.player}
            value={row.rank}
            class={`${row.own ? "own" : ""} ${row.drone ? "drone" : ""} team${row.team}`}
          >
            <i>{row.rank}</i>
            {row.own || row.drone ? <Name>{row.name}</Name> : <PlayerName name={row.name} />}
            <b>{whole(row.score)}</b>
          </li>
        ))}
      </ol>
    </section>
  );
}

export function KillFeed(): JSX.Element {
  return (
    <ul class="kills" aria-live="polite">
      {model.kills.value.map((line) => (
        <li key={line.key} class={line.own ?? ""}>
          <span class={`team${line.teams?.[0] ?? 0}`}>
            <Name>{line.name || t("kill.asteroid")}</Name>
          </span>
          <Icon name="skull" />
          <span class={`team${line.teams?.[1] ?? 0}`}>
            <Name>{line.text}</Name>
          </span>
        </li>
      ))}
    </ul>
  );
}
