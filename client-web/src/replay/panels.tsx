//! The panel beside the picture: the scoreboard as of the moment with one player's sums, the events, the score curves, and the map
//! of deaths.

import type { JSX } from "preact";
import { t, whole } from "../locale/locale.ts";
import { model } from "../ui/model.ts";
import { Name } from "../ui/name.tsx";
import { Curves } from "./curves.tsx";
import { Events } from "./events.tsx";
import { Highlights } from "./highlights.tsx";
import { DeathMap } from "./map.tsx";
import { clock } from "./marks.ts";
import { type Panel, replayModel } from "./model.ts";
import type { Player } from "./player.ts";
import { summarize } from "./story.ts";

const PANELS: readonly Panel[] = ["board", "events", "highlights", "curves", "map"];
/** Rows of the scoreboard at most. */
const ROWS = 100;

export function Panels({ player }: { player: Player }): JSX.Element | null {
  const open = replayModel.panel.value;
  return (
    <section class={`panels${open ? " open" : ""}`}>
      <div class="tabs" role="tablist">
        {PANELS.map((panel) => (
          <button
            key={panel}
            type="button"
            role="tab"
            aria-selected={open === panel}
            onClick={() => {
              replayModel.panel.value = open === panel ? undefined : panel;
            }}
          >
            {t(`replay.panel.${panel}`)}
          </button>
        ))}
      </div>
      {open && (
        <div class="body scrolls" role="tabpanel">
          {open === "board" && <Scoreboard player={player} />}
          {open === "events" && <Events player={player} />}
          {open === "highlights" && <Highlights player={player} />}
          {open === "curves" && <Curves player={player} />}
          {open === "map" && <DeathMap player={player} />}
        </div>
      )}
    </section>
  );
}

function Scoreboard({ player }: { player: Player }): JSX.Element {
  const following = replayModel.freeCamera.value ? 0 : replayModel.state.value?.following;
  const { rows } = model.scores.value;
  return (
    <>
      <table class="scores">
        <thead>
          <tr>
            <th aria-label={t("replay.rank")}>#</th>
            <th>{t("replay.players")}</th>
            <th>{t("hud.score")}</th>
            <th title={t("replay.kills")}>{t("replay.killsShort")}</th>
            <th title={t("replay.deaths")}>{t("replay.deathsShort")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS).map((row) => (
            <tr
              key={row.player}
              class={`${row.drone ? "drone" : ""}${row.player === following ? " on" : ""}`}
              onClick={() => player.follow(row.player)}
            >
              <td>{row.rank}</td>
              <td>
                <button type="button" aria-pressed={row.player === following}>
                  <Name>{row.name}</Name>
                </button>
              </td>
              <td>{whole(row.score)}</td>
              <td>{row.kills}</td>
              <td>{row.deaths}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > ROWS && <p class="small">{t("replay.more", { count: rows.length - ROWS })}</p>}
      {following ? <PlayerSummary player={player} id={following} /> : null}
    </>
  );
}

/** One player's sums over the whole recording. */
function PlayerSummary({ player, id }: { player: Player; id: number }): JSX.Element | null {
  const { info } = player;
  const name = info.players.find((other) => other.id === id)?.name;
  if (name === undefined) return null;
  const sum = summarize(info, id);
  const rows: [string, string][] = [
    ["kills", `${sum.kills} / ${sum.deaths}`],
    ["streak", whole(sum.streak)],
    ["bounties", whole(sum.bounties)],
    ["hauls", `${whole(sum.haul)} (${whole(sum.hauls)})`],
    ["bestHaul", whole(sum.bestHaul)],
    ["present", clock(sum.present, info.tickRate)],
  ];
  return (
    <dl class="summary">
      <dt class="whole">
        <Name>{name}</Name> <span class="small">{t("replay.sum.title")}</span>
      </dt>
      {rows.map(([key, value]) => (
        <div key={key}>
          <dt>{t(`replay.sum.${key}`)}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
