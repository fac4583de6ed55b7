//! The animation loop and its rate.

import { reportFrame } from "./trouble.ts";

const WINDOW_MS = 500;

/** Calls `draw` for every animation frame; after an exception the next one comes. Returns a function that gives the frames per second. */
export function animate(draw: (nowMs: number) => void): () => number {
  let fps = 0;
  let frames = 0;
  let since = performance.now();
  const turn = (): void => {
    // The time that the frame is passed may lag behind performance.now(), which the network uses: use only the latter.
    const now = performance.now();
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
    requestAnimationFrame(turn);
  };
  requestAnimationFrame(turn);
  return () => fps;
}
