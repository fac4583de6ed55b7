//! The keyboard. Keys are read by position, so that all layouts fly the same; a remote desktop or an on-screen keyboard may tell
//! only the letter.

import { type ActionName, actionOf, boundKeys, byInput } from "./bindings.ts";

/** Radians per second. */
const TURN_RATE = 3.6;

export class Keyboard {
  private readonly pressed = new Set<string>();
  /** What each key does. */
  actions: ReadonlyMap<string, ActionName> = byInput(boundKeys({}));

  /** While not `flying`, keys keep their usual effect: the space bar presses a button, arrows scroll. */
  listen(target: Window, flying: () => boolean): void {
    target.addEventListener("keydown", (event) => {
      // macOS reports no keyup while Cmd is held, and Windows none while its key is.
      if (isMeta(event)) this.releaseAll();
      if (isTyping(event.target) || isShortcut(event)) return;
      if (this.press(positionOf(event)) && flying()) event.preventDefault();
    });
    target.addEventListener("keyup", (event) => {
      if (isMeta(event)) this.releaseAll();
      this.release(positionOf(event));
    });
  }

  releaseAll(): void {
    this.pressed.clear();
  }

  /** A key went down. Returns whether it flies. */
  press(code: string): boolean {
    const { button, turn } = this.effectOf(code);
    const flies = button !== undefined || turn !== undefined;
    if (flies) this.pressed.add(code);
    return flies;
  }

  release(code: string): void {
    this.pressed.delete(code);
  }

  get buttons(): number {
    let buttons = 0;
    for (const code of this.pressed) buttons |= this.effectOf(code).button ?? 0;
    return buttons;
  }

  /** Radians by which the turn keys move the aim in `seconds`. */
  turn(seconds: number): number {
    let direction = 0;
    for (const code of this.pressed) direction += this.effectOf(code).turn ?? 0;
    return Math.sign(direction) * TURN_RATE * seconds;
  }

  private effectOf(code: string): { button?: number; turn?: number } {
    const action = this.actions.get(code);
    return action === undefined ? {} : actionOf(action);
  }
}

/** The part of `KeyboardEvent` that says which key it is. */
export interface Key {
  code: string;
  key: string;
}

/** Keys that are named by what they do. */
const NAMED: Readonly<Record<string, string>> = { " ": "Space", Shift: "ShiftLeft" };

/** The key's position as `KeyboardEvent.code`; without one, that of the same letter on a US keyboard. */
export function positionOf({ code, key }: Key): string {
  if (code !== "" && code !== "Unidentified") return code;
  if (/^[a-z]$/i.test(key)) return `Key${key.toUpperCase()}`;
  if (/^[0-9]$/.test(key)) return `Digit${key}`;
  return NAMED[key] ?? key;
}

function isMeta({ key }: KeyboardEvent): boolean {
  return key === "Meta" || key === "OS";
}

/** Whether a key belongs to the browser or the desktop. AltGr, which Windows reports as Ctrl and Alt, is no part of a shortcut. */
export function isShortcut(event: KeyboardEvent): boolean {
  return event.metaKey || ((event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph"));
}

/** Whether a key event is typed into a field. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}
