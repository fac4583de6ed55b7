//! All devices together: their buttons add up, and the device used last aims.

import { Buttons } from "../wasm/schema.ts";
import { firstPad, type Pad, readPad } from "./gamepad.ts";
import { Keyboard } from "./keyboard.ts";
import { Mouse } from "./mouse.ts";
import { type Thumbs, Touch } from "./touch.ts";

/** A tapped button counts as held for this long, so that a tick sees it. */
const TAP_MS = 150;
/** A longer gap between two samples turns the aim by no more. */
const STEP_LIMIT_SECONDS = 0.1;

type Aimer = "mouse" | "keys" | "stick";

export class Controls {
  readonly keyboard = new Keyboard();
  readonly mouse = new Mouse();
  readonly touch = new Touch();
  /** False while a menu or the join screen is in front. */
  enabled = false;
  buttons = 0;
  aim = -Math.PI / 2;
  private aimer: Aimer = "mouse";
  private shipX = 0;
  private shipY = 0;
  private sampledAt = Number.NaN;
  private readonly taps = new Map<number, number>();

  constructor(private readonly pad: () => Pad | undefined = firstPad) {}

  listen(surface: HTMLElement): void {
    this.keyboard.listen(window, () => this.enabled);
    this.mouse.listen(surface);
    this.touch.listen(surface);
  }

  /** Sets the own ship's point on the screen, CSS pixels: the mouse aims from there. */
  shipAt(x: number, y: number): void {
    this.shipX = x;
    this.shipY = y;
  }

  /** A button of the HUD was clicked. */
  tap(button: number, nowMs: number): void {
    this.taps.set(button, nowMs + TAP_MS);
  }

  get thumbs(): Thumbs {
    return this.touch.thumbs();
  }

  /** Updates `buttons` and `aim`. */
  sample(nowMs: number): void {
    const seconds = Number.isNaN(this.sampledAt) ? 0 : (nowMs - this.sampledAt) / 1000;
    this.sampledAt = nowMs;
    if (!this.enabled) {
      this.buttons = 0;
      return;
    }
    const touch = this.touch.read();
    const connected = this.pad();
    const pad = connected ? readPad(connected) : { buttons: 0, aim: undefined };
    const turn = this.keyboard.turn(Math.min(STEP_LIMIT_SECONDS, seconds));
    if (this.mouse.moved) this.aimer = "mouse";
    if (turn !== 0) this.aimer = "keys";
    if (touch.aim !== undefined || pad.aim !== undefined || this.touch.used) this.aimer = "stick";
    this.mouse.moved = false;
    this.touch.used = false;
    const direct = touch.aim ?? pad.aim;
    if (this.aimer === "keys") this.aim += turn;
    else if (this.aimer === "stick" && direct !== undefined) this.aim = direct;
    else if (this.aimer === "mouse")
      this.aim = Math.atan2(this.mouse.y - this.shipY, this.mouse.x - this.shipX);
    this.aim = Math.atan2(Math.sin(this.aim), Math.cos(this.aim));
    this.buttons =
      (this.keyboard.buttons | this.mouse.buttons | touch.buttons | pad.buttons | this.tapped(nowMs)) &
      Buttons.ALL;
  }

  private tapped(nowMs: number): number {
    let buttons = 0;
    for (const [button, until] of this.taps) {
      if (nowMs <= until) buttons |= button;
      else this.taps.delete(button);
    }
    return buttons;
  }
}
