//! The first screen: a name, a button, and how to play.

import type { JSX } from "preact";
import { t } from "../locale/locale.ts";
import { change, settings } from "../page/settings.ts";
import { NAME_LIMIT_CHARS } from "../wasm/schema.ts";
import { useComposing } from "./composing.ts";
import { Icon } from "./icons.tsx";
import { type Actions, model } from "./model.ts";
import { SettingsPanel } from "./settings.tsx";

export function Join({ actions }: { actions: Actions }): JSX.Element {
  const name = settings.value.name;
  const { watch, release, isComposing } = useComposing();
  const play = (event: Event) => {
    event.preventDefault();
    if (isComposing()) return;
    actions.click();
    actions.play(name.trim());
  };
  return (
    <main class="join">
      <header>
        <h1>Driftbelt</h1>
        <p>{t("join.tagline")}</p>
      </header>
      <form class="panel launch" onSubmit={play}>
        {model.room.value && <p class="invited">{t("join.room", { room: model.room.value })}</p>}
        <label>
          <span>{t("join.name")}</span>
          <input
            name="name"
            autocomplete="nickname"
            spellcheck={false}
            maxLength={NAME_LIMIT_CHARS}
            placeholder={t("join.namePlaceholder")}
            value={name}
            onKeyDown={watch}
            onKeyUp={release}
            onBlur={release}
            onInput={(event) => change({ name: event.currentTarget.value })}
          />
        </label>
        <button type="submit" class="primary">
          {t("join.play")}
          <Icon name="arrow" />
        </button>
        <a class="quiet" href="replay">
          {t("join.replays")}
        </a>
      </form>
      <HowTo />
      <div class="panel corner">
        <SettingsPanel />
      </div>
    </main>
  );
}

function HowTo(): JSX.Element {
  return (
    <section class="how" aria-label={t("join.how")}>
      <ul class="keys">
        <li>
          <kbd>W</kbd>
          <span>{t("how.fly")}</span>
        </li>
        <li>
          <kbd>Shift</kbd>
          <span>{t("how.boost")}</span>
        </li>
        <li>
          <kbd>{t("how.space")}</kbd>
          <kbd>{t("how.mouse")}</kbd>
          <span>{t("how.fire")}</span>
        </li>
        <li>
          <kbd>S</kbd>
          <span>{t("how.brake")}</span>
        </li>
        <li>
          <kbd>Enter</kbd>
          <kbd>Esc</kbd>
          <span>{t("how.talk")}</span>
        </li>
      </ul>
      <ol class="loop">
        <li>{t("how.loop1")}</li>
        <li>{t("how.loop2")}</li>
        <li>{t("how.loop3")}</li>
      </ol>
      <p class="small">
        {t("how.touch")} {t("how.pad")}
      </p>
    </section>
  );
}
