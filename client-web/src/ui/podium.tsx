//! The end of a round: who did what best, and when the next one begins.

import type { JSX } from "preact";
import type { Candidate } from "../core/core.ts";
import { t, title, whole } from "../locale/locale.ts";
import { Buttons } from "../wasm/schema.ts";
import { type Actions, model } from "./model.ts";

/** The buttons that vote, in the order of the arenas. */
const VOTES = [Buttons.BUY_HULL, Buttons.BUY_ENGINE, Buttons.BUY_GUN];

/** The arena that is played next if nobody votes any more. */
function leader(candidates: readonly Candidate[]): number {
  const most = Math.max(...candidates.map((arena) => arena.votes));
  return candidates.findIndex((arena) => arena.votes === most);
}

export function Podium({ actions }: { actions: Actions }): JSX.Element {
  const { number, awards, candidates } = model.round.value;
  const seconds = Math.max(0, model.hud.value.roundSeconds);
  return (
    <section class="podium" aria-label={t("round.over", { number })}>
      <h2>{t("round.over", { number })}</h2>
      <ul>
        {awards.map((award) => (
          <li key={award.kind} class={`${award.kind}${award.own ? " own" : ""}`}>
            <span>{t(`round.${award.kind}`)}</span>
            <b>{award.name}</b>
            <small>{t(`round.${award.kind}Value`, { count: award.value, value: whole(award.value) })}</small>
          </li>
        ))}
      </ul>
      {candidates.length > 1 && (
        <section class="vote" aria-label={t("round.vote")}>
          <h3>{t("round.vote")}</h3>
          {candidates.map((arena, index) => (
            <button
              key={arena.title}
              type="button"
              class={index === leader(candidates) ? "leads" : ""}
              onClick={() => actions.tap(VOTES[index])}
            >
              <kbd>{index + 1}</kbd>
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
