//! The hulls: their choice, and what the abilities do.

import type { JSX } from "preact";
import { ACTIONS, type ActionName } from "../input/bindings.ts";
import { t } from "../locale/locale.ts";
import { change, settings } from "../page/settings.ts";
import { Icon, type IconName } from "./icons.tsx";
import { labelOf } from "./keys.ts";
import { type Actions, model } from "./model.ts";

/** In the order of their numbers. */
const HULLS = ["miner", "raider", "scout"] as const;
export const HULL_ICONS: readonly IconName[] = ["hold", "hull", "mine"];
/** The actions that choose a hull while the player has no ship. */
const CHOICES = ["buyHull", "buyEngine", "buyGun"] as const satisfies readonly ActionName[];

/** On the join screen. */
export function HullChoice(): JSX.Element {
  return (
    <fieldset class="modes hulls">
      <legend>{t("hull.title")}</legend>
      {HULLS.map((hull, number) => (
        <label key={hull}>
          <input
            type="radio"
            name="hull"
            checked={settings.value.hull === number}
            onChange={() => change({ hull: number })}
          />
          <span>
            <Icon name={HULL_ICONS[number]} /> {t(`hull.${hull}`)}
          </span>
          <small>{t(`hull.${hull}Does`)}</small>
        </label>
      ))}
    </fieldset>
  );
}

/** For the next ship, while there is none. */
export function NextHull({ actions }: { actions: Actions }): JSX.Element {
  return (
    <section class="panel next-hull" aria-label={t("hull.title")}>
      {HULLS.map((hull, number) => (
        <button
          key={hull}
          type="button"
          class={model.hud.value.hull === number ? "chosen" : ""}
          aria-pressed={model.hud.value.hull === number}
          onClick={() => actions.tap(ACTIONS[CHOICES[number]].button)}
        >
          <kbd>{labelOf(CHOICES[number])}</kbd>
          <b>
            <Icon name={HULL_ICONS[number]} /> {t(`hull.${hull}`)}
          </b>
          <small>{t(`hull.${hull}Does`)}</small>
        </button>
      ))}
    </section>
  );
}

/** The ability and when it is ready. */
export function Ability(): JSX.Element {
  const { hull, abilitySeconds, abilityCooldown } = model.hud.value;
  const name = t(`hull.${HULLS[hull]}Ability`);
  const seconds = Math.ceil(abilitySeconds);
  const title = seconds > 0 ? t("hull.wait", { name, seconds }) : t("hull.ready", { name });
  return (
    <div class={`bar ability${seconds > 0 ? "" : " ready"}`} title={title}>
      <meter
        class="unseen"
        min={0}
        max={abilityCooldown}
        value={abilityCooldown - abilitySeconds}
        aria-label={title}
      />
      <Icon name={HULL_ICONS[hull]} />
      <span class="track">
        <span class="fill" style={{ transform: `scaleX(${1 - abilitySeconds / abilityCooldown})` }} />
      </span>
      <b aria-hidden="true">{seconds > 0 ? seconds : <kbd>{labelOf("ability")}</kbd>}</b>
    </div>
  );
}
