//! A gamepad in the standard mapping: left stick aims and thrusts, RT fires, LT or A boosts, B brakes, the
//! cross buys.

import { Button, type Reading } from "./buttons.ts";

const AIM_DEAD_ZONE = 0.25;
const THRUST_DEAD_ZONE = 0.55;
const TRIGGER = 0.3;

const BUTTONS: readonly (readonly [number, number])[] = [
  [0, Button.boost],
  [1, Button.brake],
  [6, Button.boost],
  [7, Button.fire],
  [12, Button.buyHull],
  [15, Button.buyEngine],
  [13, Button.buyGun],
  [14, Button.buyHold],
];

/** The part of `Gamepad` that is read. */
export interface Pad {
  axes: readonly number[];
  buttons: readonly { value: number }[];
}

export function readPad(pad: Pad): Reading {
  const [x = 0, y = 0] = pad.axes;
  const push = Math.hypot(x, y);
  let buttons = push >= THRUST_DEAD_ZONE ? Button.thrust : 0;
  for (const [index, button] of BUTTONS) {
    if ((pad.buttons[index]?.value ?? 0) > TRIGGER) buttons |= button;
  }
  return { buttons, aim: push >= AIM_DEAD_ZONE ? Math.atan2(y, x) : undefined };
}

/** The first pad that is plugged in and in the standard mapping. */
export function firstPad(): Pad | undefined {
  for (const pad of navigator.getGamepads?.() ?? []) {
    if (pad?.connected && pad.mapping === "standard") return pad;
  }
  return undefined;
}
