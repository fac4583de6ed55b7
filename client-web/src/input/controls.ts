//! All devices together: their buttons add up, and the device used last aims.

import { Buttons } from "../wasm/schema.ts";
import { assistedAim, type Target } from "./assist.ts";
import { type ActionName, type Bound, byInput } from "./bindings.ts";
import { browserPads, Gamepads, type Pad } from "./gamepad.ts";
import { Keyboard } from "./keyboard.ts";
import { Mouse } from "./mouse.ts";
import { type Thumbs, Touch } from "./touch.ts";

/** A tapped button counts as held for this long, so that a tick sees it. */
const TAP_MS = 150;
/** A longer gap between two samples turns the aim by no more. */
const STEP_LIMIT_SECONDS = 0.1;
/** The mouse takes the aim from a stick once it has moved this far, CSS pixels: a desk may shake. */
const MOUSE_TAKES_PIXELS = 8;

const BUYS = Buttons.BUY_HULL | Buttons.BUY_ENGINE | Buttons.BUY_GUN | Buttons.BUY_HOLD;

type Aimer = "mouse" | "keys" | "stick";

export class Controls {
  readonly keyboard = new Keyboard();
  readonly mouse = new Mouse();
  readonly touch = new Touch();
  /** False while a menu or the join screen is in front. */
  enabled = false;
  /** While a list with numbers is in front, whose digits would also buy. */
  choosing = false;
  buttons = 0;
  aim = -Math.PI / 2;
  /** Whether the aim of a thumb or a stick is assisted, and the ships that it may be drawn to. */
  assists = false;
  targets: readonly Target[] = [];
  /** The aim before the assist. */
  private given = -Math.PI / 2;
  private aimer: Aimer = "mouse";
  private shipX = 0;
  private shipY = 0;
  private sampledAt = Number.NaN;
  private readonly taps = new Map<number, number>();
  /** Pressed since the last sample: a press may be shorter than a frame. */
  private struck = 0;
  private readonly pads: Gamepads;
  /** Called when a gamepad does an action that is done once per press. */
  onPress: (action: ActionName) => void = () => undefined;
  /** Where the mouse was when a stick took the aim. */
  private mouseAt = { x: 0, y: 0 };

  constructor(pads: () => readonly (Pad | null)[] = browserPads) {
    this.pads = new Gamepads(pads, (action) => this.onPress(action));
  }

  listen(surface: HTMLElement): void {
    this.keyboard.listen(window, () => this.enabled);
    this.mouse.listen(surface);
    this.touch.listen(surface);
    const strike = () => {
      this.struck |= this.keyboard.buttons | this.mouse.buttons | this.touch.read().buttons;
    };
    addEventListener("keydown", strike);
    for (const down of ["pointerdown", "mousedown"]) surface.addEventListener(down, strike);
    // What is released while another window or app is in front is not reported.
    addEventListener("blur", () => this.releaseAll());
    addEventListener("pagehide", () => this.releaseAll());
    document.addEventListener("visibilitychange", () => this.releaseAll());
  }

  releaseAll(): void {
    this.keyboard.releaseAll();
    this.mouse.releaseAll();
    this.touch.releaseAll();
    this.taps.clear();
    this.struck = 0;
  }

  /** Sets what the keys and the buttons of pads do. */
  bind(keys: Bound<string>, pad: Bound<number>): void {
    this.keyboard.releaseAll();
    this.keyboard.actions = byInput(keys);
    this.pads.bind(pad);
  }

  /** Sets the own ship's point on the screen, CSS pixels: the mouse aims from there. */
  shipAt(x: number, y: number): void {
    this.shipX = x;
    this.shipY = y;
  }

  /** A button of the HUD was clicked. */
  tap(button: number, nowMs: number): void {
    this.taps.set(button, nowMs + TAP_MS);
    this.struck |= button;
  }

  get thumbs(): Thumbs {
    return this.touch.thumbs();
  }

  /** Updates `buttons` and `aim`. */
  sample(nowMs: number): void {
    const seconds = Number.isNaN(this.sampledAt) ? 0 : (nowMs - this.sampledAt) / 1000;
    this.sampledAt = nowMs;
    let pad = this.pads.read();
    const { struck } = this;
    this.struck = 0;
    if (!this.enabled) {
      this.buttons = 0;
      return;
    }
    // The stick chooses a word.
    if (this.choosing) pad = { buttons: pad.buttons & ~Buttons.THRUST, aim: undefined };
    const touch = this.touch.read();
    const turn = this.keyboard.turn(Math.min(STEP_LIMIT_SECONDS, seconds));
    const aimer = this.nextAimer(
      turn !== 0,
      this.touch.used || touch.aim !== undefined,
      pad.aim !== undefined,
    );
    if (aimer !== "stick" && (this.aimer === "stick" || pad.aim !== undefined)) {
      this.pads.yield();
      pad = { buttons: pad.buttons & ~Buttons.THRUST, aim: undefined };
    }
    if (aimer === "stick" && this.aimer !== "stick") this.mouseAt = { x: this.mouse.x, y: this.mouse.y };
    this.aimer = aimer;
    this.mouse.moved = false;
    this.touch.used = false;
    const direct = touch.aim ?? pad.aim;
    if (this.aimer === "keys") this.given += turn;
    else if (this.aimer === "stick" && direct !== undefined) this.given = direct;
    else if (this.aimer === "mouse")
      this.given = Math.atan2(this.mouse.y - this.shipY, this.mouse.x - this.shipX);
    this.given = Math.atan2(Math.sin(this.given), Math.cos(this.given));
    this.buttons =
      (struck |
        this.keyboard.buttons |
        this.mouse.buttons |
        touch.buttons |
        pad.buttons |
        this.tapped(nowMs)) &
      ~(this.choosing ? BUYS : 0) &
      Buttons.ALL;
    const assisted = this.assists && this.aimer === "stick" && (this.buttons & Buttons.FIRE) !== 0;
    this.aim = assisted ? assistedAim(this.given, this.targets) : this.given;
  }

  /** The device that aims from now on: the one that was used last. */
  private nextAimer(turns: boolean, touches: boolean, pushes: boolean): Aimer {
    if (touches) return "stick";
    if (turns) return "keys";
    const { mouse, mouseAt } = this;
    const away = Math.hypot(mouse.x - mouseAt.x, mouse.y - mouseAt.y);
    if (mouse.moved && (this.aimer !== "stick" || away >= MOUSE_TAKES_PIXELS)) return "mouse";
    return pushes ? "stick" : this.aimer;
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
