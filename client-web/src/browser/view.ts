//! The page's view: media queries, the size of elements, pointers.

import { attempt, attemptLater } from "./capability.ts";

/** Whether a media query matches. */
export function matches(query: string): boolean {
  return attempt("media queries", () => matchMedia(query).matches, false);
}

/** Calls `changed` now and whenever the size of an element changes, until the returned function is called. */
export function observeSize(elements: readonly Element[], changed: () => void): () => void {
  const observe = () => {
    const observer = new ResizeObserver(changed);
    for (const element of elements) observer.observe(element);
    return () => observer.disconnect();
  };
  const ends = attempt("size observer", observe, undefined);
  if (ends) return ends;
  addEventListener("resize", changed);
  changed();
  return () => removeEventListener("resize", changed);
}

/** Sends a pointer's events to an element until it is released. */
export function capturePointer(element: Element, pointer: number): void {
  attempt("pointer capture", () => element.setPointerCapture(pointer), undefined);
}

/** What a notch or the home indicator covers at three edges of the screen, CSS pixels. */
export interface Inset {
  left: number;
  right: number;
  bottom: number;
}

let probe: HTMLElement | undefined;

export function safeArea(): Inset {
  if (!probe) {
    probe = document.createElement("div");
    probe.className = "safe-area";
    document.body.append(probe);
  }
  const { paddingLeft, paddingRight, paddingBottom } = getComputedStyle(probe);
  const pixels = (padding: string) => Number.parseFloat(padding) || 0;
  return { left: pixels(paddingLeft), right: pixels(paddingRight), bottom: pixels(paddingBottom) };
}

/** Full screen, and back. */
export function toggleFullScreen(): void {
  const toggle = async () => {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen();
  };
  void attemptLater("full screen", toggle, undefined);
}
