//! The wheel of the quick chat: a click, a tap, a digit, the stick of a pad, or a finger that was held on the button and moves to a
//! word.

import "./style/wheel.css";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { padStick } from "../input/gamepad.ts";
import { t } from "../locale/locale.ts";
import { type Actions, model } from "./model.ts";
import { SIGNALS } from "./signals.ts";

/** A stick chooses once it is pushed this far, and gives the word when it comes back below the other. */
const PUSHED = 0.7;
const RELEASED = 0.35;

/** The place of a direction, in radians from the right, clockwise; the first word is at the top. */
function placeAt(angle: number): number {
  const turns = (angle + Math.PI / 2) / (2 * Math.PI);
  return ((Math.round(turns * SIGNALS.length) % SIGNALS.length) + SIGNALS.length) % SIGNALS.length;
}

export function Wheel({ actions }: { actions: Actions }): JSX.Element {
  const chosen = useSignal<number | undefined>(undefined);
  useEffect(() => {
    let frame = 0;
    const look = () => {
      const stick = padStick();
      const push = Math.hypot(stick.x, stick.y);
      if (push >= PUSHED) chosen.value = placeAt(Math.atan2(stick.y, stick.x));
      else if (push < RELEASED && chosen.value !== undefined) {
        actions.signal(chosen.value);
        return;
      }
      frame = requestAnimationFrame(look);
    };
    look();
    // A finger that has opened the wheel gives the word on which it is lifted.
    const lift = (event: PointerEvent) => {
      const word = document.elementFromPoint(event.clientX, event.clientY)?.closest<HTMLElement>(".wheel li");
      if (event.pointerType !== "mouse" && word?.dataset.place) actions.signal(Number(word.dataset.place));
    };
    addEventListener("pointerup", lift);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("pointerup", lift);
    };
  }, [actions, chosen]);
  return (
    <ul class="wheel" aria-label={t("signal.title")}>
      {SIGNALS.map((signal, place) => {
        const angle = (place / SIGNALS.length) * 2 * Math.PI - Math.PI / 2;
        return (
          <li
            key={signal}
            data-place={place}
            style={{ left: `${50 + 50 * Math.cos(angle)}%`, top: `${50 + 50 * Math.sin(angle)}%` }}
          >
            <button
              type="button"
              class={chosen.value === place ? "on" : ""}
              onClick={() => {
                // The lifted finger may have given it.
                if (model.signalsOpen.value) actions.signal(place);
              }}
            >
              <kbd>{place + 1}</kbd>
              {t(`signal.${signal}`)}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
