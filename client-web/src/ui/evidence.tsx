//! Why a ship was destroyed: what the simulation compared, in words.

import type { JSX } from "preact";
import type { EvidenceFacts } from "../core/core.ts";
import { digits, t, whole } from "../locale/locale.ts";

/** The evidence against the player of a name. */
export function Evidence({ facts, shooter }: { facts: EvidenceFacts; shooter: string }): JSX.Element {
  const { shooterRoundTripMs, victimRoundTripMs } = facts;
  const values = { name: shooter, age: whole(facts.viewAgeMs), moved: digits(facts.moved, 1) };
  return (
    <>
      <p>{t("evidence.bolt", { damage: whole(facts.damage), distance: whole(facts.distance) })}</p>
      <p>{t(facts.rewoundMs > 0 ? "evidence.past" : "evidence.present", values)}</p>
      {victimRoundTripMs !== null && (
        <p class="small">
          {t("evidence.own", { value: whole(victimRoundTripMs) })}
          {shooterRoundTripMs !== null &&
            ` · ${t("evidence.theirs", { name: shooter, value: whole(shooterRoundTripMs) })}`}
        </p>
      )}
    </>
  );
}
