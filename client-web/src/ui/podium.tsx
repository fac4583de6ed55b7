//! The end of a round: who did what best, and when the next one begins.

import "./style/podium.css";
import type { JSX } from "preact";
import type { Candidate } from "../core/core.ts";
import { ACTIONS } from "../input/bindings.ts";
import { t, title, whole } from "../locale/locale.ts";
import { numbered } from "./board.tsx";
import { labelOf } from "./keys.ts";
import { type Actions, type Highlight, model } from "./model.ts";

/** The actions that vote, in the order of the arenas. */
const VOTES = ["buyHull", "buyEngine", "buyGun"] as const;

/** The arena that is played next if nobody votes any more. */
function leader(candidates: readonly Candidate[]): number {
  const most = Math.max(...candidates.map((arena) => arena.votes));
  return candidates.findIndex((arena) => arena.votes === most);
}

function RoundHighlight({ name, victim, kills, seconds, bounty }: Highlight): JSX.Element {
  const values = { name, other: victim, count: kills, seconds, value: whole(bounty) };
  return (
    <p class="highlight">
      <span>{t("round.highlight")}</span> {t(kills > 1 ? "round.row" : "round.bounty", values)}
    </p>
  );
}

export function Podium({ actions }: { actions: Actions }): JSX.Element {
  const { number, awards, candidates } = model.round.value;
  const { teams } = model.scores.value;
  const seconds = Math.max(0, model.hud.value.roundSeconds);
  return (
    <section class="podium" aria-label={t("round.over", { number })}>
      <h2>{t("round.over", { number })}</h2>
      {teams.length > 0 && (
        <p class="teams">
          {numbered(teams).map(({ team, score }) => (
            <b key={team} class={`team${team}`}>
              {t("team.name", { number: team })} {whole(score)}
            </b>
          ))}
        </p>
      )}
      <ul>
        {awards.map((award) => (
          <li key={award.kind} class={`${award.kind}${award.own ? " own" : ""}`}>
            <span>{t(`round.${award.kind}`)}</span>
            <b>{award.name}</b>
            <small>{t(`round.${award.kind}Value`, { count: award.value, value: whole(award.value) })}</small>
          </li>
        ))}
      </ul>
      {model.highlight.value && <RoundHighlight {...model.highlight.value} />}
      {candidates.length > 1 && (
        <section class="vote" aria-label={t("round.vote")}>
          <h3>{t("round.vote")}</h3>
          {candidates.map((arena, index) => (
            <button
              key={arena.title}
              type="button"
              class={index === leader(candidates) ? "leads" : ""}
              onClick={() => actions.tap(ACTIONS[VOTES[index]].button)}
            >
              <kbd>{labelOf(VOTES[index])}</kbd>
              <span>{title(arena.title)}</span>
              <b>{t("round.votes", { count: arena.votes })}</b>
            </button>
          ))}
        </section>
      )}
      <p class="count" role="timer">
        {t("round.next", { count: seconds })}
      </p>
    </section>
  );
}
