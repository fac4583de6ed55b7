//! The page of keys.

import type { JSX } from "preact";
import { t } from "../locale/locale.ts";
import { keyLabel } from "../ui/keys.ts";
import { replayModel } from "./model.ts";

/** Keys by position, as `KeyboardEvent.code`. */
const ROWS: readonly [keys: string, text: string][] = [
  ["Space", "play"],
  ["ArrowLeft ArrowRight", "near"],
  ["Shift ArrowLeft ArrowRight", "far"],
  ["Comma Period", "step"],
  ["BracketLeft BracketRight", "mark"],
  ["Minus Equal", "speed"],
  ["KeyS", "slow"],
  ["Home End", "ends"],
  ["KeyI KeyO", "clip"],
  ["KeyF", "next"],
  ["KeyC", "free"],
  ["KeyP", "panel"],
  ["KeyH", "hide"],
  ["Enter", "full"],
  ["KeyM", "sound"],
  ["?", "keys"],
];

export function KeyPage(): JSX.Element {
  const close = () => {
    replayModel.keysShown.value = false;
  };
  return (
    <div class="veil">
      <section
        class="panel dialog key-page"
        role="dialog"
        aria-modal="true"
        aria-label={t("replay.key.title")}
      >
        <h2>{t("replay.key.title")}</h2>
        <dl>
          {ROWS.map(([keys, text]) => (
            <div key={text}>
              <dt>
                {keys.split(" ").map((key) => (
                  <kbd key={key}>{keyLabel(key)}</kbd>
                ))}
              </dt>
              <dd>{t(`replay.key.${text}`)}</dd>
            </div>
          ))}
        </dl>
        <p class="small">{t("replay.key.touch")}</p>
        <button type="button" class="primary" onClick={close}>
          {t("replay.key.close")}
        </button>
      </section>
    </div>
  );
}
