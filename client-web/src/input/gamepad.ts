//! Gamepads. In the standard mapping the left stick aims and thrusts, and the buttons do what they are bound to, some of them
//! together. Pads of other mappings agree on the first stick and little else. A pad counts only once it is
//! used: a worn stick, a pedal or a trigger
//! that rests off its zero neither aims nor fires. Of several pads the one that was used last flies.

import { attempt } from "../browser/capability.ts";
import { Buttons } from "../wasm/schema.ts";
import {
  type ActionName,
  actionOf,
  type Bound,
  boundPad,
  buttonsOf,
  byInput,
  isPressed,
} from "./bindings.ts";
import type { DeviceInput } from "./device.ts";

const AIM_DEAD_ZONE = 0.25;
const THRUST_DEAD_ZONE = 0.55;
const TRIGGER = 0.3;
/** A stick is used once it has moved this far from where it rests. */
const USE = 0.45;

type Mapping = readonly (readonly [number, number])[];

/** Nothing that costs score: whether the numbers are right is unknown. */
const OTHER: Mapping = [
  [0, Buttons.BOOST],
  [1, Buttons.BRAKE],
  [4, Buttons.BOOST],
  [5, Buttons.FIRE],
  [6, Buttons.BOOST],
  [7, Buttons.FIRE],
];

/** The part of `Gamepad` that is read. */
export interface Pad {
  readonly connected: boolean;
  readonly mapping: string;
  readonly axes: readonly number[];
  readonly buttons: readonly { readonly value: number; readonly pressed: boolean }[];
}

type Slots = readonly (Pad | null)[];

interface Stick {
  x: number;
  y: number;
}

/** The browser's pads, each in a slot that it keeps while it is plugged in. */
export function browserPads(): Slots {
  return attempt("gamepad", () => [...navigator.getGamepads()], []);
}

/** What has been seen of one pad. */
class Usage {
  /** Where the stick rests. */
  private rest: Stick;
  /** Buttons that were down when they were first seen, and have not been up since. */
  private readonly stuck: Set<number>;
  private down: ReadonlySet<number>;
  /** Whether the stick is away from where it rests. */
  isPushed = false;
  /** Buttons that were down before the newest look. */
  private before: ReadonlySet<number> = new Set();

  constructor(pad: Pad) {
    // A standard stick rests in the middle. What else there is may rest anywhere.
    this.rest = pad.mapping === "standard" ? { x: 0, y: 0 } : stickOf(pad);
    this.down = downOf(pad);
    this.stuck = new Set(this.down);
  }

  /** Whether a button goes down or the stick leaves its rest. */
  update(pad: Pad): boolean {
    const stick = stickOf(pad);
    const down = downOf(pad);
    for (const button of this.stuck) if (!down.has(button)) this.stuck.delete(button);
    const pressed = [...down].some((button) => !this.down.has(button));
    this.before = this.down;
    this.down = down;
    // A stick that comes back to the middle rests there.
    if (Math.hypot(stick.x, stick.y) < Math.hypot(this.rest.x, this.rest.y)) this.rest = stick;
    const wasPushed = this.isPushed;
    this.isPushed = Math.hypot(stick.x - this.rest.x, stick.y - this.rest.y) >= USE;
    return pressed || (this.isPushed && !wasPushed);
  }

  /** The stick rests where it is. */
  settle(pad: Pad): void {
    this.rest = stickOf(pad);
    this.isPushed = false;
  }

  /** Whether an input is down since the newest look. */
  isNew(input: number): boolean {
    const isDown = (of: ReadonlySet<number>) => buttonsOf(input).every((button) => of.has(button));
    return isDown(this.down) && !isDown(this.before);
  }

  read(pad: Pad, standard: Mapping): DeviceInput {
    const { x, y } = stickOf(pad);
    const push = Math.hypot(x, y);
    let buttons = push >= THRUST_DEAD_ZONE ? Buttons.THRUST : 0;
    for (const [index, button] of pad.mapping === "standard" ? standard : OTHER)
      if (this.down.has(index) && !this.stuck.has(index)) buttons |= button;
    return { buttons, aim: push >= AIM_DEAD_ZONE ? Math.atan2(y, x) : undefined };
  }
}

const NOTHING: DeviceInput = { buttons: 0, aim: undefined };

export class Gamepads {
  private readonly usages = new Map<number, Usage>();
  /** The slot of the pad that flies. */
  private flying: number | undefined;
  private standard = mappingOf(boundPad({}));
  private presses = pressesOf(boundPad({}));

  /** `press` is called when what is bound to an action goes down that is done once per press. */
  constructor(
    private readonly slots: () => Slots,
    private readonly press: (action: ActionName) => void = () => undefined,
  ) {}

  /** Sets what the buttons of pads in the standard mapping do. */
  bind(bound: Bound<number>): void {
    this.standard = mappingOf(bound);
    this.presses = pressesOf(bound);
  }

  /** What the pad that is in use holds. */
  read(): DeviceInput {
    const pads = this.connected();
    for (const slot of this.usages.keys()) if (!pads.has(slot)) this.usages.delete(slot);
    for (const [slot, pad] of pads) {
      const usage = this.usages.get(slot) ?? new Usage(pad);
      this.usages.set(slot, usage);
      if (usage.update(pad)) this.flying = slot;
      if (pad.mapping === "standard")
        for (const [input, action] of this.presses) if (usage.isNew(input)) this.press(action);
    }
    if (this.flying === undefined || !pads.has(this.flying))
      this.flying = [...pads.keys()].find((slot) => this.usages.get(slot)?.isPushed);
    const { flying } = this;
    const pad = flying === undefined ? undefined : pads.get(flying);
    return flying === undefined || !pad
      ? NOTHING
      : (this.usages.get(flying)?.read(pad, this.standard) ?? NOTHING);
  }

  /** Another device aims: the pads count again once one is used again. */
  yield(): void {
    this.flying = undefined;
    for (const [slot, pad] of this.connected()) this.usages.get(slot)?.settle(pad);
  }

  private connected(): Map<number, Pad> {
    const pads = new Map<number, Pad>();
    this.slots().forEach((pad, slot) => {
      if (pad?.connected) pads.set(slot, pad);
    });
    return pads;
  }
}

function mappingOf(bound: Bound<number>): Mapping {
  return [...byInput(bound)].map(([index, action]) => [index, actionOf(action).button ?? 0] as const);
}

function pressesOf(bound: Bound<number>): readonly (readonly [number, ActionName])[] {
  return [...byInput(bound)].filter(([, action]) => isPressed(action));
}

/** The buttons that are down on the browser's pads in the standard mapping. */
export function pressedButtons(): ReadonlySet<number> {
  const pads = browserPads().filter((pad) => pad?.connected && pad.mapping === "standard");
  return new Set(pads.flatMap((pad) => (pad ? [...downOf(pad)] : [])));
}

/** The stick of the browser's pads that is pushed the furthest. */
export function padStick(): Stick {
  const sticks = browserPads().flatMap((pad) => (pad?.connected ? [stickOf(pad)] : []));
  return sticks.reduce(
    (one, other) => (Math.hypot(other.x, other.y) > Math.hypot(one.x, one.y) ? other : one),
    {
      x: 0,
      y: 0,
    },
  );
}

function stickOf({ axes }: Pad): Stick {
  return { x: within(axes[0]), y: within(axes[1]) };
}

/** Axes that are missing or broken are at rest. */
function within(axis: number | undefined): number {
  return axis !== undefined && Number.isFinite(axis) ? Math.max(-1, Math.min(1, axis)) : 0;
}

function downOf({ buttons }: Pad): ReadonlySet<number> {
  const down = new Set<number>();
  buttons.forEach(({ value, pressed }, index) => {
    if (pressed || value > TRIGGER) down.add(index);
  });
  return down;
}
