//! The menu of a player: mute, report, watch. It opens beside the name, not under the pointer: a click that was meant to fire
//! chooses nothing.

import "./style/player-menu.css";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../locale/locale.ts";
import { serverUrl, watchPath } from "../page/address.ts";
import { type Actions, model, type PlayerMenuPlace } from "./model.ts";
import { nameKey } from "./mutes.ts";
import { Name } from "./name.tsx";

/** Between the name and the menu, CSS pixels. */
const GAP = 8;

export function PlayerMenu({ place, actions }: { place: PlayerMenuPlace; actions: Actions }): JSX.Element {
  const menu = useRef<HTMLDivElement>(null);
  const { name, box } = place;
  const muted = model.muted.value.has(nameKey(name));
  const close = () => {
    model.playerMenu.value = undefined;
  };
  useLayoutEffect(() => menu.current?.querySelector("button")?.focus(), [place]);
  useEffect(() => {
    const away = (event: PointerEvent) => {
      if (event.target instanceof Node && !menu.current?.contains(event.target)) close();
    };
    addEventListener("pointerdown", away, true);
    return () => removeEventListener("pointerdown", away, true);
  }, []);
  const isRight = (box.left + box.right) / 2 > innerWidth / 2;
  const top = Math.min(box.top, innerHeight - (menu.current?.offsetHeight ?? 0) - GAP);
  const style = isRight
    ? { right: `${innerWidth - box.left + GAP}px`, top: `${top}px` }
    : { left: `${box.right + GAP}px`, top: `${top}px` };
  const act = (run: () => void) => () => {
    run();
    close();
  };
  return (
    <div
      ref={menu}
      class="player-menu panel"
      role="menu"
      aria-label={name}
      style={style}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        close();
      }}
    >
      <h2>
        <Name>{name}</Name>
      </h2>
      <button type="button" role="menuitem" onClick={act(() => actions.toggleMute(name))}>
        {t(muted ? "player.unmute" : "player.mute")}
      </button>
      <button type="button" role="menuitem" onClick={act(() => actions.chat(`/report ${name}`))}>
        {t("player.report")}
      </button>
      {model.room.value && (
        <a
          class="button"
          role="menuitem"
          href={serverUrl() + watchPath(model.room.value)}
          target="_blank"
          rel="noreferrer"
          onClick={close}
        >
          {t("player.watch")}
        </a>
      )}
    </div>
  );
}
