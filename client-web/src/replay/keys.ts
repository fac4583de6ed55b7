//! The keys of the replay page.

import type { Player } from "./player.ts";

const FAR_SECONDS = 30;
const NEAR_SECONDS = 5;

/** Handles a key. Returns whether it has a meaning here. */
export function pressReplayKey(player: Player, key: { code: string; shiftKey: boolean }): boolean {
  const stride = key.shiftKey ? FAR_SECONDS : NEAR_SECONDS;
  switch (key.code) {
    case "Space":
      player.toggle();
      return true;
    case "ArrowLeft":
      player.skip(-stride);
      return true;
    case "ArrowRight":
      player.skip(stride);
      return true;
    case "Comma":
      if (key.shiftKey) player.shiftSpeed(-1);
      else player.nudge(-1);
      return true;
    case "Period":
      if (key.shiftKey) player.shiftSpeed(1);
      else player.nudge(1);
      return true;
    case "Minus":
    case "NumpadSubtract":
      player.shiftSpeed(-1);
      return true;
    case "Equal":
    case "NumpadAdd":
      player.shiftSpeed(1);
      return true;
    case "Home":
      player.seek(player.info.firstTick);
      return true;
    case "KeyI":
      player.mark("from");
      return true;
    case "KeyO":
      player.mark("to");
      return true;
    case "End":
      player.seekNewest();
      return true;
    case "KeyF":
      player.followNext();
      return true;
    case "BracketLeft":
      player.jump(-1);
      return true;
    case "BracketRight":
      player.jump(1);
      return true;
    case "KeyS":
      player.slow(true);
      return true;
    case "KeyC":
      player.toggleFreeCamera();
      return true;
    default:
      return false;
  }
}
