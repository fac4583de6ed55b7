//! The mouse: the ship points at it, left fires, right thrusts.

import { capturePointer } from "../browser/view.ts";
import { Buttons } from "../wasm/schema.ts";

const BUTTONS: readonly number[] = [Buttons.FIRE, 0, Buttons.THRUST];

export class Mouse {
  x = 0;
  y = 0;
  /** Set by every movement; `Controls` resets it. */
  moved = false;
  buttons = 0;

  listen(surface: HTMLElement): void {
    surface.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "mouse") return;
      this.move(event.clientX, event.clientY);
      // A button that was released outside the window is up.
      this.hold(event.buttons);
    });
    surface.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse") return;
      this.move(event.clientX, event.clientY);
      this.press(event.button);
      capturePointer(surface, event.pointerId);
    });
    surface.addEventListener("pointerup", (event) => {
      if (event.pointerType === "mouse") this.release(event.button);
    });
    // While a button is held, browsers report a second one as a pointermove only.
    surface.addEventListener("mousedown", (event) => this.press(event.button));
    surface.addEventListener("mouseup", (event) => this.release(event.button));
    surface.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  releaseAll(): void {
    this.buttons = 0;
  }

  /** What is held, as `MouseEvent.buttons`. */
  hold(mask: number): void {
    this.buttons = (mask & 1 ? Buttons.FIRE : 0) | (mask & 2 ? Buttons.THRUST : 0);
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
