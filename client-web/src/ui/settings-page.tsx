//! All settings, in a dialog that is loaded when it is opened.

import "./style/settings.css";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { toggleFullScreen } from "../browser/view.ts";
import { t, whole } from "../locale/locale.ts";
import { change, FRAME_CAPS, PALETTES, QUALITIES, SCALES, settings } from "../page/settings.ts";
import { KeySettings } from "./key-settings.tsx";
import { Choice, Slider, Toggle } from "./setting.tsx";

export function SettingsPage({ close }: { close(): void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="panel settings-page"
      aria-label={t("settings.title")}
      onClose={close}
      // What is typed here is not for the page behind.
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header>
        <h2>{t("settings.title")}</h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          {t("settings.close")}
        </button>
      </header>
      <Sounds />
      <Picture />
      <Play />
      <KeySettings />
    </dialog>
  );
}

function Sounds(): JSX.Element {
  const { muted, volume, music } = settings.value;
  return (
    <fieldset>
      <legend>{t("settings.sound")}</legend>
      <Toggle label={t("settings.sound")} on={!muted} change={(on) => change({ muted: !on })} />
      <Slider
        label={t("settings.effects")}
        low={0}
        high={1}
        value={volume}
        disabled={muted}
        change={(value) => change({ volume: value })}
      />
      <Slider
        label={t("settings.music")}
        low={0}
        high={1}
        value={music}
        disabled={muted}
        change={(value) => change({ music: value })}
      />
    </fieldset>
  );
}

function Picture(): JSX.Element {
  const { uiScale, textScale, quality, frameCap, palette, calm } = settings.value;
  return (
    <fieldset>
      <legend>{t("settings.picture")}</legend>
      <Slider
        label={t("settings.size")}
        {...SCALES.ui}
        value={uiScale}
        change={(value) => change({ uiScale: value })}
      />
      <Slider
        label={t("settings.text")}
        {...SCALES.text}
        value={textScale}
        change={(value) => change({ textScale: value })}
      />
      <Choice
        label={t("settings.palette")}
        values={PALETTES}
        value={palette}
        text={(one) => t(`settings.palettes.${one}`)}
        change={(one) => change({ palette: one })}
      />
      <Choice
        label={t("settings.quality")}
        values={QUALITIES}
        value={quality}
        text={(one) =>
          one === "auto" ? t("settings.auto") : t("settings.percent", { value: whole(one * 100) })
        }
        change={(one) => change({ quality: one })}
      />
      <Choice
        label={t("settings.cap")}
        values={FRAME_CAPS}
        value={frameCap}
        text={(one) => (one === 0 ? t("settings.display") : whole(one))}
        change={(one) => change({ frameCap: one })}
      />
      <Toggle label={t("settings.calm")} on={calm} change={(on) => change({ calm: on })} />
      <button type="button" onClick={toggleFullScreen}>
        {t("settings.full")}
      </button>
    </fieldset>
  );
}

function Play(): JSX.Element {
  const { leftHanded, aimAssist, vibration } = settings.value;
  return (
    <fieldset>
      <legend>{t("settings.play")}</legend>
      <Toggle label={t("settings.leftHanded")} on={leftHanded} change={(on) => change({ leftHanded: on })} />
      <Toggle label={t("settings.assist")} on={aimAssist} change={(on) => change({ aimAssist: on })} />
      <Toggle label={t("settings.vibration")} on={vibration} change={(on) => change({ vibration: on })} />
    </fieldset>
  );
}
