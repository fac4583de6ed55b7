//! Where the panels of the display are, and how a pointer at the edge of the picture keeps clear of them.

/** A place on the screen, CSS pixels. */
export interface Place {
  x: number;
  y: number;
}

/** What a panel covers, CSS pixels. */
export type Box = Pick<DOMRect, "left" | "top" | "right" | "bottom">;

/** How far a pointer and the text below it reach from its place, CSS pixels. */
export const POINTER_REACH: Box = { left: 46, top: 12, right: 46, bottom: 30 };

/** The nearest place on the way to the middle where a pointer lies on no panel. */
export function clearOf(boxes: readonly Box[], place: Place, middle: Place): Place {
  const dx = place.x - middle.x;
  const dy = place.y - middle.y;
  const covered = boxes.map((box) => {
    const { left, top, right, bottom } = POINTER_REACH;
    const across = crossing(middle.x, dx, box.left - right, box.right + left);
    const down = crossing(middle.y, dy, box.top - bottom, box.bottom + top);
    return { enter: Math.max(across.enter, down.enter), leave: Math.min(across.leave, down.leave) };
  });
  // From the outermost panel inward: clear of one, a pointer may lie on the next.
  covered.sort((one, other) => other.leave - one.leave);
  let share = 1;
  for (const { enter, leave } of covered) if (enter > 0 && enter < share && share < leave) share = enter;
  return { x: middle.x + dx * share, y: middle.y + dy * share };
}

/** The shares of a way along one axis at which it comes into a range and leaves it. */
function crossing(from: number, way: number, low: number, high: number): { enter: number; leave: number } {
  if (way === 0) {
    const within = low < from && from < high ? 1 : -1;
    return { enter: -within * Number.POSITIVE_INFINITY, leave: within * Number.POSITIVE_INFINITY };
  }
  const [one, other] = [(low - from) / way, (high - from) / way];
  return { enter: Math.min(one, other), leave: Math.max(one, other) };
}

/** Tells what the panels cover, now and whenever that changes, until the returned function is called. */
export function watchPanels(display: HTMLElement, covered: (boxes: Box[]) => void): () => void {
  const panels = [...display.querySelectorAll(":scope > div:not(.pointer, .thumbs)")];
  const look = () => {
    const boxes = panels.map((panel) => panel.getBoundingClientRect());
    covered(boxes.filter((box) => box.width > 0 && box.height > 0));
  };
  const observer = new ResizeObserver(look);
  for (const watched of [display, ...panels]) observer.observe(watched);
  return () => observer.disconnect();
}
