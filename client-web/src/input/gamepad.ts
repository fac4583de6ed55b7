//! A gamepad in the standard mapping: the left stick aims and thrusts, RT fires, LT or A boosts, B brakes, the d-pad buys.

import { attempt } from "../browser/capability.ts";
import { Buttons } from "../wasm/schema.ts";
import type { DeviceInput } from "./device.ts";

const AIM_DEAD_ZONE = 0.25;
const THRUST_DEAD_ZONE = 0.55;
const TRIGGER = 0.3;

const BUTTONS: readonly (readonly [number, number])[] = [
  [0, Buttons.BOOST],
  [1, Buttons.BRAKE],
  [6, Buttons.BOOST],
  [7, Buttons.FIRE],
  [12, Buttons.BUY_HULL],
  [15, Buttons.BUY_ENGINE],
  [13, Buttons.BUY_GUN],
  [14, Buttons.BUY_HOLD],
];

/** The part of `Gamepad` that is read. */
export interface Pad {
  axes: readonly number[];
  buttons: readonly { value: number }[];
}

export function readPad(pad: Pad): DeviceInput {
  const [x = 0, y = 0] = pad.axes;
  const push = Math.hypot(x, y);
  let buttons = push >= THRUST_DEAD_ZONE ? Buttons.THRUST : 0;
  for (const [index, button] of BUTTONS) {
    if ((pad.buttons[index]?.value ?? 0) > TRIGGER) buttons |= button;
  }
  return { buttons, aim: push >= AIM_DEAD_ZONE ? Math.atan2(y, x) : undefined };
}

/** The first connected pad in the standard mapping. */
export function firstPad(): Pad | undefined {
  for (const pad of attempt("gamepad", () => navigator.getGamepads(), [])) {
    if (pad?.connected && pad.mapping === "standard") return pad;
  }
  return undefined;
}
