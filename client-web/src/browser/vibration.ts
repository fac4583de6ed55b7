//! Vibration of the device, and of the gamepads that are plugged in.

import { attempt, attemptLater } from "./capability.ts";

/** Vibrates for `ms`, with a strength of 0..1 where there is a choice. */
export function vibrate(ms: number, strength: number): void {
  attempt("vibration", () => navigator.vibrate?.(ms), undefined);
  const shakePads = async () => {
    const effect = { duration: ms, strongMagnitude: strength, weakMagnitude: strength };
    for (const pad of navigator.getGamepads())
      await pad?.vibrationActuator?.playEffect("dual-rumble", effect);
  };
  void attemptLater("vibration", shakePads, undefined);
}
