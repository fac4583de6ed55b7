//! The keyboard. Keys are read by their place, so that any layout flies the same.

import { Button } from "./buttons.ts";

const KEYS: Readonly<Record<string, number>> = {
  KeyW: Button.thrust,
  ArrowUp: Button.thrust,
  KeyS: Button.brake,
  ArrowDown: Button.brake,
  ShiftLeft: Button.boost,
  ShiftRight: Button.boost,
  Space: Button.fire,
  Digit1: Button.buyHull,
  Digit2: Button.buyEngine,
  Digit3: Button.buyGun,
  Digit4: Button.buyHold,
};
/** Radians per second. */
const TURN_RATE = 3.6;

export class Keyboard {
  private readonly pressed = new Set<string>();

  /** While the keys do not fly, they do what they do on any page: the space bar presses a button, arrows scroll. */
  listen(target: Window, flying: () => boolean): void {
    target.addEventListener("keydown", (event) => {
      if (isTyping(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
      if (this.press(event.code) && flying()) event.preventDefault();
    });
    target.addEventListener("keyup", (event) => this.release(event.code));
    target.addEventListener("blur", () => this.pressed.clear());
  }

  /** Takes a key down; says whether the key means anything in flight. */
  press(code: string): boolean {
    const known = code in KEYS || turnOf(code) !== 0;
    if (known) this.pressed.add(code);
    return known;
  }

  release(code: string): void {
    this.pressed.delete(code);
  }

  get buttons(): number {
    let buttons = 0;
    for (const code of this.pressed) buttons |= KEYS[code] ?? 0;
    return buttons;
  }

  /** How far the turn keys move the aim in `seconds`, radians. */
  turn(seconds: number): number {
    let direction = 0;
    for (const code of this.pressed) direction += turnOf(code);
    return Math.sign(direction) * TURN_RATE * seconds;
  }
}

function turnOf(code: string): number {
  if (code === "KeyA" || code === "ArrowLeft") return -1;
  return code === "KeyD" || code === "ArrowRight" ? 1 : 0;
}

/** Whether a key belongs to a text field. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}
