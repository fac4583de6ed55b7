//! The animation loop and its rate.

import { settings } from "./settings.ts";
import { reportFrame } from "./trouble.ts";

const WINDOW_MS = 500;
/** Frames come a little early or late: one that is due within this time is drawn. */
const EARLY_MS = 2;

/** Calls `draw` for every animation frame, up to the player's frame cap; after an exception the next one comes. Returns a function that gives the frames per second. */
export function animate(draw: (nowMs: number) => void): () => number {
  let fps = 0;
  let frames = 0;
  let since = performance.now();
  let due = 0;
  const turn = (): void => {
    // The time that the frame is passed may lag behind performance.now(), which the network uses: use only the latter.
    const now = performance.now();
    requestAnimationFrame(turn);
    const { frameCap } = settings.value;
    if (frameCap !== 0 && now < due - EARLY_MS) return;
    due = Math.max(due + 1000 / frameCap, now);
    frames += 1;
    if (now - since >= WINDOW_MS) {
      fps = Math.round((frames * 1000) / (now - since));
      frames = 0;
      since = now;
    }
    try {
      draw(now);
    } catch (error) {
      reportFrame(error);
    }
  };
  requestAnimationFrame(turn);
  return () => fps;
}
