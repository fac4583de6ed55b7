//! The animation loop and its rate.

const WINDOW_MS = 500;

/** Calls `draw` for every animation frame and counts them. Returns the frames per second so far. */
export function animate(draw: (nowMs: number) => void): () => number {
  let fps = 0;
  let frames = 0;
  let since = performance.now();
  const turn = (): void => {
    // The frame's own clock may lie behind performance.now(), which times the network: use one clock only.
    const now = performance.now();
    frames += 1;
    if (now - since >= WINDOW_MS) {
      fps = Math.round((frames * 1000) / (now - since));
      frames = 0;
      since = now;
    }
    draw(now);
    requestAnimationFrame(turn);
  };
  requestAnimationFrame(turn);
  return () => fps;
}
