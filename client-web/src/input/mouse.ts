//! The mouse: the ship points to it, left fires, right thrusts.

import { Button } from "./buttons.ts";

const BUTTONS: readonly number[] = [Button.fire, 0, Button.thrust];

export class Mouse {
  x = 0;
  y = 0;
  /** Set by every real movement, taken by whoever decides which device aims. */
  moved = false;
  buttons = 0;

  listen(surface: HTMLElement): void {
    surface.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") this.move(event.clientX, event.clientY);
    });
    surface.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse") return;
      this.move(event.clientX, event.clientY);
      this.press(event.button);
      surface.setPointerCapture(event.pointerId);
    });
    surface.addEventListener("pointerup", (event) => {
      if (event.pointerType === "mouse") this.release(event.button);
    });
    // With one button held, a second one arrives as a move whose `buttons` have changed.
    surface.addEventListener("mousedown", (event) => this.press(event.button));
    surface.addEventListener("mouseup", (event) => this.release(event.button));
    surface.addEventListener("contextmenu", (event) => event.preventDefault());
    window.addEventListener("blur", () => {
      this.buttons = 0;
    });
  }

  move(x: number, y: number): void {
    if (x === this.x && y === this.y) return;
    this.x = x;
    this.y = y;
    this.moved = true;
  }

  press(button: number): void {
    this.buttons |= BUTTONS[button] ?? 0;
  }

  release(button: number): void {
    this.buttons &= ~(BUTTONS[button] ?? 0);
  }
}
