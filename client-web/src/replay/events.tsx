//! Kills and hauls as rows around the moment shown; a click shows how it came to one.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ReplayMark } from "../core/core.ts";
import { t } from "../locale/locale.ts";
import { clockAt, describeMark } from "./marks.ts";
import { replayModel } from "./model.ts";
import type { Player } from "./player.ts";
import { concerns } from "./story.ts";

/** Rows before and after the moment. */
const REACH = 60;

export function Events({ player }: { player: Player }): JSX.Element {
  const onlyFollowed = useSignal(false);
  const list = useRef<HTMLOListElement>(null);
  const { info } = player;
  const tick = replayModel.tick.value;
  const following = replayModel.state.value?.following ?? 0;
  const shown = (mark: ReplayMark) =>
    (mark.kind === "kill" || mark.kind === "bank") && (!onlyFollowed.value || concerns(mark, following));
  const events = info.marks.filter(shown);
  const next = events.findIndex((mark) => mark.tick > tick);
  const now = (next < 0 ? events.length : next) - 1;
  const first = Math.max(0, now - REACH);
  useLayoutEffect(() => {
    list.current?.querySelector(".now")?.scrollIntoView({ block: "center" });
  }, [now, onlyFollowed.value]);
  return (
    <>
      <label class="toggle">
        <span>{t("replay.onlyFollowed")}</span>
        <input
          type="checkbox"
          checked={onlyFollowed.value}
          onChange={(event) => {
            onlyFollowed.value = event.currentTarget.checked;
          }}
        />
      </label>
      {events.length === 0 && <p class="small">{t("replay.noEvents")}</p>}
      <ol class="events" ref={list}>
        {events.slice(first, now + REACH).map((mark, index) => (
          <li key={first + index} class={`${mark.kind}${first + index === now ? " now" : ""}`}>
            <button
              type="button"
              onClick={() => (mark.kind === "kill" ? player.showDeath(mark) : player.seekBefore(mark.tick))}
            >
              <time>{clockAt(mark.tick, info)}</time>
              <span>{describeMark(mark, info)}</span>
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}
