//! A player's name; a click or a tap opens the player's menu.

import type { JSX } from "preact";
import { t } from "../locale/locale.ts";
import { Icon } from "./icons.tsx";
import { model } from "./model.ts";
import { nameKey } from "./mutes.ts";
import { Name } from "./name.tsx";

export function PlayerName({ name }: { name: string }): JSX.Element {
  const muted = model.muted.value.has(nameKey(name));
  return (
    <button
      type="button"
      class={`player-name${muted ? " muted" : ""}`}
      aria-haspopup="menu"
      title={t("player.menu", { name })}
      onClick={(event) => {
        model.playerMenu.value = { name, box: event.currentTarget.getBoundingClientRect() };
      }}
    >
      <Name>{name}</Name>
      {muted && <Icon name="mute" />}
    </button>
  );
}
