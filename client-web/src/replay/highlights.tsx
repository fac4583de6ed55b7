//! The best moments of a recording, and all of them as one reel.

import "../locale/pages.ts";
import type { JSX } from "preact";
import type { ReplayHighlight } from "../core/core.ts";
import { t, whole } from "../locale/locale.ts";
import { clockAt } from "./marks.ts";
import { replayModel } from "./model.ts";
import type { Player } from "./player.ts";

/** What of a highlight its title names. */
export type Titled = Pick<ReplayHighlight, "kind" | "value" | "seconds">;

/** A highlight in words, such as "Comet, 3 in 8 seconds". */
export function titleOf({ kind, value, seconds }: Titled, name: string): string {
  return t(`highlights.${kind}`, { name, value: whole(value), count: Math.max(1, seconds) });
}

export function Highlights({ player }: { player: Player }): JSX.Element {
  const { info } = player;
  const nameOf = (id: number) => info.players.find((other) => other.id === id)?.name ?? "?";
  if (info.highlights.length === 0) return <p class="small">{t("highlights.none")}</p>;
  const reeling = replayModel.reeling.value;
  return (
    <>
      <button
        type="button"
        class="primary"
        aria-pressed={reeling}
        onClick={() => (reeling ? player.endReel() : player.playReel())}
      >
        {t(reeling ? "highlights.stop" : "highlights.play")}
      </button>
      <ol class="events highlights">
        {info.highlights.map((highlight) => (
          <li key={`${highlight.kind}-${highlight.from}-${highlight.player}`}>
            <button type="button" onClick={() => player.playReel([highlight])}>
              <time>{clockAt(highlight.from, info)}</time>
              <span>{titleOf(highlight, nameOf(highlight.player))}</span>
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}
