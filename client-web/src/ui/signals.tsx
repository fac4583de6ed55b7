//! The words of the quick chat: a click, a tap or a digit gives one.

import type { JSX } from "preact";
import { t } from "../locale/locale.ts";
import { type Actions, model } from "./model.ts";

/** In the order of their numbers. */
export const SIGNALS = ["help", "ore", "danger", "thanks", "wave", "laugh", "cheer", "sorry"] as const;

export function Signals({ actions }: { actions: Actions }): JSX.Element | null {
  if (!model.signalsOpen.value) return null;
  return (
    <section class="signals panel" aria-label={t("signal.title")}>
      {SIGNALS.map((signal, place) => (
        <button key={signal} type="button" onClick={() => actions.signal(place)}>
          <kbd>{place + 1}</kbd>
          {t(`signal.${signal}`)}
        </button>
      ))}
    </section>
  );
}
