//! The end of a round: who did what best, and when the next one begins.

import type { JSX } from "preact";
import { t, whole } from "../locale/locale.ts";
import { model } from "./model.ts";

export function Podium(): JSX.Element {
  const { number, awards } = model.round.value;
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
      <p class="count" role="timer">
        {t("round.next", { count: seconds })}
      </p>
    </section>
  );
}
