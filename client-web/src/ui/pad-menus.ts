//! Menus by gamepad: the cross or the stick moves the focus, A presses, B goes back. Loaded when a pad is first used.

import { padStick, pressedButtons } from "../input/gamepad.ts";

/** In the standard mapping. */
const [A, B, UP, DOWN, LEFT, RIGHT] = [0, 1, 12, 13, 14, 15];
/** A stick counts as a press once it is pushed this far. */
const PUSHED = 0.6;
const FOCUSABLE = "button:not(:disabled), a[href], input:not(:disabled), select";

/** Follows pads until the page is left; what is pressed while `isFlying` is for the ship. */
export function followPads(isFlying: () => boolean): void {
  let before: ReadonlySet<number> = new Set();
  const look = () => {
    const now = new Set(pressedButtons());
    const { x, y } = padStick();
    if (Math.abs(x) > PUSHED) now.add(x > 0 ? RIGHT : LEFT);
    if (Math.abs(y) > PUSHED) now.add(y > 0 ? DOWN : UP);
    if (!isFlying()) for (const button of now) if (!before.has(button)) press(button);
    before = now;
    requestAnimationFrame(look);
  };
  look();
}

function press(button: number): void {
  const active = document.activeElement;
  const sign = button === RIGHT || button === DOWN ? 1 : -1;
  if (button === A && active instanceof HTMLElement) active.click();
  else if (button === B) goBack();
  else if (
    (button === LEFT || button === RIGHT) &&
    active instanceof HTMLInputElement &&
    active.type === "range"
  )
    slide(active, sign);
  else if (button === LEFT || button === RIGHT || button === UP || button === DOWN) move(sign);
}

/** The screen in front. */
function front(): ParentNode {
  return (
    document.querySelector("dialog[open]") ?? document.querySelector(".dialog, .player-menu") ?? document
  );
}

function move(sign: number): void {
  const all = [...front().querySelectorAll<HTMLElement>(FOCUSABLE)].filter((one) => one.checkVisibility());
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 ? 0 : (at + sign + all.length) % all.length;
  // Focus that a script moves after a press of a pad would show no ring.
  all[next]?.focus({ focusVisible: true } as FocusOptions);
}

function slide(slider: HTMLInputElement, sign: number): void {
  if (sign > 0) slider.stepUp();
  else slider.stepDown();
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}

function goBack(): void {
  const dialog = document.querySelector<HTMLDialogElement>("dialog[open]");
  if (dialog) dialog.close();
  else
    (document.activeElement ?? document.body).dispatchEvent(
      new KeyboardEvent("keydown", { key: "Escape", code: "Escape", bubbles: true }),
    );
}
