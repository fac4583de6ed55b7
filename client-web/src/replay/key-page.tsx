//! The page of keys.

import type { JSX } from "preact";
import { t } from "../locale/locale.ts";
import { replayModel } from "./model.ts";

const ROWS: readonly [keys: string, text: string][] = [
  ["Space", "play"],
  ["← →", "near"],
  ["Shift ← →", "far"],
  [", .", "step"],
  ["[ ]", "mark"],
  ["− +", "speed"],
  ["S", "slow"],
  ["Home End", "ends"],
  ["I O", "clip"],
  ["F", "next"],
  ["C", "free"],
  ["P", "panel"],
  ["H", "hide"],
  ["Enter", "full"],
  ["M", "sound"],
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
                  <kbd key={key}>{key}</kbd>
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
