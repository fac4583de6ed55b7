//! A player's name; a click or a tap mutes the player, and another one unmutes.

import type { JSX } from "preact";
import { t } from "../locale/locale.ts";
import { Icon } from "./icons.tsx";
import { type Actions, model } from "./model.ts";
import { nameKey } from "./mutes.ts";
import { Name } from "./name.tsx";

export function PlayerName({ name, actions }: { name: string; actions: Actions }): JSX.Element {
  const muted = model.muted.value.has(nameKey(name));
  return (
    <button
      type="button"
      class="player-name"
      aria-label={t("hud.mutePlayer", { name })}
      aria-pressed={muted}
      title={t(muted ? "hud.unmutePlayer" : "hud.mutePlayer", { name })}
      onClick={() => actions.toggleMute(name)}
    >
      <Name>{name}</Name>
      {muted && <Icon name="mute" />}
    </button>
  );
}
