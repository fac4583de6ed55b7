//! Two thumbs: the left half of the screen is a stick that starts where it is touched (aim and thrust; held still, it
//! brakes), the right half fires, and the circles in its corner boost and use the ability. For left-handed players the halves change sides.

import { type Inset, safeArea } from "../browser/view.ts";
import { Buttons } from "../wasm/schema.ts";
import type { DeviceInput } from "./device.ts";

/** CSS pixels from the stick's center. */
const AIM_PIXELS = 10;
const THRUST_PIXELS = 30;
export const STICK_PIXELS = 64;
/** The boost circle: its center from the side and the bottom edge, and its radius; CSS pixels. */
export const BOOST_ZONE = { side: 78, bottom: 190, radius: 46 } as const;
/** The circle of the ability, likewise. */
export const ABILITY_ZONE = { side: 154, bottom: 264, radius: 32 } as const;

/** What the screen shows. */
export interface Thumbs {
  leftHanded: boolean;
  inset: Inset;
  stick: { x: number; y: number; dx: number; dy: number } | undefined;
  firing: boolean;
  boosting: boolean;
  using: boolean;
}

type Finger =
  | { part: "stick"; x: number; y: number; dx: number; dy: number }
  | { part: "fire" }
  | { part: "boost" }
  | { part: "ability" };

export class Touch {
  private readonly fingers = new Map<number, Finger>();
  /** Set by every touch; `Controls` resets it. */
  used = false;
  width = 1;
  height = 1;
  /** What a notch or the home indicator covers at the edges. */
  inset: Inset = { left: 0, right: 0, bottom: 0 };
  leftHanded = false;

  listen(surface: HTMLElement): void {
    surface.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse") return;
      event.preventDefault();
      this.width = surface.clientWidth;
      this.height = surface.clientHeight;
      this.inset = safeArea();
      this.down(event.pointerId, event.clientX, event.clientY);
    });
    surface.addEventListener("pointermove", (event) =>
      this.move(event.pointerId, event.clientX, event.clientY),
    );
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
      surface.addEventListener(end, (event) => this.up(event.pointerId));
    }
  }

  down(finger: number, x: number, y: number): void {
    this.used = true;
    // As if the stick were on the left.
    const across = this.leftHanded ? this.width - x : x;
    if (across < this.width / 2) {
      // One stick: a second finger on its side is the palm of the hand.
      const taken = [...this.fingers.values()].some(({ part }) => part === "stick");
      if (!taken) this.fingers.set(finger, { part: "stick", x, y, dx: 0, dy: 0 });
      return;
    }
    const isIn = ({ side, bottom, radius }: typeof BOOST_ZONE | typeof ABILITY_ZONE) => {
      const centerX = this.width - side - (this.leftHanded ? this.inset.left : this.inset.right);
      const centerY = this.height - bottom - this.inset.bottom;
      return Math.hypot(across - centerX, y - centerY) <= radius * 1.3;
    };
    const part = isIn(BOOST_ZONE) ? "boost" : isIn(ABILITY_ZONE) ? "ability" : "fire";
    this.fingers.set(finger, { part });
  }

  move(finger: number, x: number, y: number): void {
    const held = this.fingers.get(finger);
    if (held?.part !== "stick") return;
    held.dx = x - held.x;
    held.dy = y - held.y;
  }

  up(finger: number): void {
    this.fingers.delete(finger);
  }

  releaseAll(): void {
    this.fingers.clear();
  }

  read(): DeviceInput {
    const reading: DeviceInput = { buttons: 0, aim: undefined };
    for (const finger of this.fingers.values()) {
      if (finger.part === "fire") reading.buttons |= Buttons.FIRE;
      else if (finger.part === "boost") reading.buttons |= Buttons.BOOST;
      else if (finger.part === "ability") reading.buttons |= Buttons.ABILITY;
      else {
        const away = Math.hypot(finger.dx, finger.dy);
        if (away >= AIM_PIXELS) reading.aim = Math.atan2(finger.dy, finger.dx);
        else reading.buttons |= Buttons.BRAKE;
        if (away >= THRUST_PIXELS) reading.buttons |= Buttons.THRUST;
      }
    }
    return reading;
  }

  thumbs(): Thumbs {
    const { inset, leftHanded } = this;
    const thumbs: Thumbs = {
      leftHanded,
      inset,
      stick: undefined,
      firing: false,
      boosting: false,
      using: false,
    };
    for (const finger of this.fingers.values()) {
      if (finger.part === "stick") thumbs.stick = { x: finger.x, y: finger.y, dx: finger.dx, dy: finger.dy };
      else if (finger.part === "fire") thumbs.firing = true;
      else if (finger.part === "boost") thumbs.boosting = true;
      else thumbs.using = true;
    }
    return thumbs;
  }
}
