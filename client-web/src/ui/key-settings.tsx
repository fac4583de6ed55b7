//! The table of keys and pad buttons. A press of a cell waits for the new key.

import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import {
  ACTION_NAMES,
  type ActionName,
  actionOf,
  bind,
  chordOf,
  FIXED_KEY,
  isBindable,
  isPressed,
  KEYS_LIMIT,
} from "../input/bindings.ts";
import { pressedButtons } from "../input/gamepad.ts";
import { positionOf } from "../input/keyboard.ts";
import { t } from "../locale/locale.ts";
import { change } from "../page/settings.ts";
import { changedKeys, changedPad, keyLabel, keys, pad, padLabel } from "./keys.ts";

/** The cell that waits for a key or a button. */
interface Waiting {
  action: ActionName;
  slot: number;
  device: "keys" | "pad";
}

export function KeySettings(): JSX.Element {
  const [waiting, wait] = useState<Waiting>();
  const [said, say] = useState("");
  // In the layout phase, before the next key.
  useLayoutEffect(() => {
    if (!waiting) return undefined;
    const { action, slot, device } = waiting;
    const report = (label: string, loser: ActionName | undefined) => {
      const values = { key: label, action: nameOf(action), loser: loser ? nameOf(loser) : "" };
      say(t(loser ? "bind.moved" : "bind.bound", values));
      wait(undefined);
    };
    const onKey = (event: KeyboardEvent) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      // The release of the space bar would press the button again.
      addEventListener("keyup", (released) => released.preventDefault(), { capture: true, once: true });
      const code = positionOf(event);
      if (code === FIXED_KEY) {
        say("");
        wait(undefined);
      } else if (device === "keys" && !isBindable(code)) say(t("bind.foreign", { key: keyLabel(code) }));
      else if (device === "keys") {
        const { changed, loser } = bind(keys.value, changedKeys.value, action, slot, code);
        change({ keys: changed });
        report(keyLabel(code), loser);
      }
    };
    // What is down already was not pressed as an answer.
    let held = pressedButtons();
    const pressed: number[] = [];
    let frame = 0;
    const look = () => {
      const down = pressedButtons();
      for (const button of down) if (!held.has(button) && !pressed.includes(button)) pressed.push(button);
      held = new Set([...held].filter((button) => down.has(button)));
      // Whether a second button joins the first is known once they are up.
      const isDone = pressed.length > 0 && !(isPressed(action) && pressed.some((button) => down.has(button)));
      if (device === "pad" && isDone) {
        const [one, other] = pressed;
        const input = other !== undefined && isPressed(action) ? chordOf(one, other) : one;
        const { changed, loser } = bind(pad.value, changedPad.value, action, slot, input);
        change({ pad: changed });
        report(padLabel(input), loser);
        return;
      }
      frame = requestAnimationFrame(look);
    };
    addEventListener("keydown", onKey, true);
    look();
    return () => {
      removeEventListener("keydown", onKey, true);
      cancelAnimationFrame(frame);
    };
  }, [waiting]);
  const reset = () => {
    change({ keys: {}, pad: {} });
    wait(undefined);
    say(t("bind.isReset"));
  };
  const cells = (action: ActionName, device: Waiting["device"], labels: readonly string[]) =>
    [...labels, ...(labels.length < KEYS_LIMIT ? [""] : [])].map((label, slot) => {
      const waits = waiting?.action === action && waiting.device === device && waiting.slot === slot;
      return (
        <button
          key={slot}
          type="button"
          class={waits ? "waits" : label === "" ? "free" : ""}
          aria-label={
            label === ""
              ? `${nameOf(action)}: ${t("bind.add")}`
              : t("bind.change", { action: nameOf(action), key: label })
          }
          onClick={() => {
            say(t(device === "keys" ? "bind.press" : "bind.pressPad"));
            wait({ action, slot, device });
          }}
        >
          {waits ? "…" : label || "+"}
        </button>
      );
    });
  return (
    <fieldset class="keys-table">
      <legend>{t("bind.title")}</legend>
      <table>
        <thead>
          <tr>
            <th>{t("bind.action")}</th>
            <th>{t("bind.key")}</th>
            <th>{t("bind.pad")}</th>
          </tr>
        </thead>
        <tbody>
          {ACTION_NAMES.map((action) => (
            <tr key={action}>
              <th scope="row">{nameOf(action)}</th>
              <td>
                {cells(
                  action,
                  "keys",
                  keys.value[action].map((code) => keyLabel(code)),
                )}
              </td>
              <td>{actionOf(action).pad && cells(action, "pad", pad.value[action].map(padLabel))}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="said" role="status">
        {said}
      </p>
      <button type="button" onClick={reset}>
        {t("bind.reset")}
      </button>
    </fieldset>
  );
}

function nameOf(action: ActionName): string {
  return t(`bind.actions.${action}`);
}
