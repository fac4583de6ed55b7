//! Where the HUD's panels are, and how the pointers at the edge of the picture keep clear of them.

import { observeSize } from "../browser/view.ts";

/** A point on the screen, CSS pixels. */
export interface Point {
  x: number;
  y: number;
}

/** The box that a panel covers, CSS pixels. */
export type Box = Pick<DOMRect, "left" | "top" | "right" | "bottom">;

/** How far a pointer and the text below it extend from its point, CSS pixels. */
export const POINTER_REACH: Box = { left: 46, top: 12, right: 46, bottom: 30 };

/** The box of a pointer at a point. */
export function boxOf({ x, y }: Point): Box {
  const { left, top, right, bottom } = POINTER_REACH;
  return { left: x - left, top: y - top, right: x + right, bottom: y + bottom };
}

/** The first point on the line from `point` to the middle where a pointer covers no panel. */
export function clearOf(boxes: readonly Box[], point: Point, middle: Point): Point {
  const dx = point.x - middle.x;
  const dy = point.y - middle.y;
  const covered = boxes.map((box) => {
    const { left, top, right, bottom } = POINTER_REACH;
    const across = crossing(middle.x, dx, box.left - right, box.right + left);
    const down = crossing(middle.y, dy, box.top - bottom, box.bottom + top);
    return { enter: Math.max(across.enter, down.enter), leave: Math.min(across.leave, down.leave) };
  });
  // From the outermost panel inward: a pointer that is clear of one may cover the next.
  covered.sort((one, other) => other.leave - one.leave);
  let share = 1;
  for (const { enter, leave } of covered) if (enter > 0 && enter < share && share < leave) share = enter;
  return { x: middle.x + dx * share, y: middle.y + dy * share };
}

/** The shares of a distance along one axis at which it enters a range and leaves it. */
function crossing(
  from: number,
  distance: number,
  low: number,
  high: number,
): { enter: number; leave: number } {
  if (distance === 0) {
    const within = low < from && from < high ? 1 : -1;
    return { enter: -within * Number.POSITIVE_INFINITY, leave: within * Number.POSITIVE_INFINITY };
  }
  const [one, other] = [(low - from) / distance, (high - from) / distance];
  return { enter: Math.min(one, other), leave: Math.max(one, other) };
}

/** Calls `covered` with the panels' boxes, now and whenever they change, until the returned function is called. */
export function watchPanels(hud: HTMLElement, covered: (boxes: Box[]) => void): () => void {
  const panels = [...hud.querySelectorAll(":scope > div:not(.pointer, .thumbs)")];
  const look = () => {
    const boxes = panels.map((panel) => panel.getBoundingClientRect());
    covered(boxes.filter((box) => box.width > 0 && box.height > 0));
  };
  return observeSize([hud, ...panels], look);
}
