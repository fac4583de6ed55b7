//! Language, sound and motion: a panel of the join screen and the menu, with a button for all other settings.

import type { FunctionComponent, JSX } from "preact";
import { useState } from "preact/hooks";
import { type Language, language, languages, setLanguage, t } from "../locale/locale.ts";
import { change, settings } from "../page/settings.ts";
import { Slider, Toggle } from "./setting.tsx";

export function SettingsPanel(): JSX.Element {
  const [Page, setPage] = useState<FunctionComponent<{ close(): void }>>();
  const open = () => {
    import("./settings-page.tsx").then(
      ({ SettingsPage }) => setPage(() => SettingsPage),
      (error: unknown) => console.warn("driftbelt:", error),
    );
  };
  const { muted, volume, calm } = settings.value;
  const choose = (next: Language) => {
    change({ language: next });
    // If it cannot be loaded, the language stays.
    setLanguage(next).catch((error: unknown) => console.warn("driftbelt:", error));
  };
  return (
    <div class="settings">
      <fieldset class="segments" aria-label={t("settings.language")}>
        {Object.keys(languages).map((key) => (
          <button
            key={key}
            type="button"
            lang={key}
            aria-pressed={language() === key}
            onClick={() => choose(key)}
          >
            {languages[key]}
          </button>
        ))}
      </fieldset>
      <Toggle label={t("settings.sound")} on={!muted} change={(on) => change({ muted: !on })} />
      <Slider
        label={t("settings.volume")}
        low={0}
        high={1}
        value={volume}
        disabled={muted}
        change={(next) => change({ volume: next })}
      />
      <Toggle label={t("settings.calm")} on={calm} change={(on) => change({ calm: on })} />
      <button type="button" class="all-settings" onClick={open}>
        {t("settings.all")}
      </button>
      {Page && <Page close={() => setPage(undefined)} />}
    </div>
  );
}
