//! Devices to buttons and aim.

import { beforeEach, expect, test, vi } from "vitest";
import { assistedAim } from "../src/input/assist.ts";
import { boundPad, chordOf } from "../src/input/bindings.ts";
import { Controls } from "../src/input/controls.ts";
import { Gamepads, type Pad } from "../src/input/gamepad.ts";
import { Keyboard, positionOf } from "../src/input/keyboard.ts";
import { BOOST_ZONE, Touch } from "../src/input/touch.ts";
import { Buttons } from "../src/wasm/schema.ts";

function pad(axes: number[], pressed: Record<number, number> = {}, other: Partial<Pad> = {}): Pad {
  const button = (value: number) => ({ value, pressed: value > 0.5 });
  const buttons = Array.from({ length: 17 }, (_, index) => button(pressed[index] ?? 0));
  return { connected: true, mapping: "standard", axes, buttons, ...other };
}

/** What pads say that change from one reading to the next. */
function readings(...turns: (Pad | null)[][]) {
  let now: (Pad | null)[] = [];
  const gamepads = new Gamepads(() => now);
  return turns.map((pads) => {
    now = pads;
    return gamepads.read();
  });
}

test("keys add up, and are released", () => {
  const keyboard = new Keyboard();
  expect(keyboard.press("KeyW")).toBe(true);
  keyboard.press("ShiftLeft");
  keyboard.press("Space");
  keyboard.press("Digit3");
  expect(keyboard.buttons).toBe(Buttons.THRUST | Buttons.BOOST | Buttons.FIRE | Buttons.BUY_GUN);
  keyboard.release("KeyW");
  keyboard.press("ArrowUp");
  expect(keyboard.buttons & Buttons.THRUST).toBe(Buttons.THRUST);
  keyboard.release("ArrowUp");
  expect(keyboard.buttons & Buttons.THRUST).toBe(0);
  expect(keyboard.press("KeyZ")).toBe(false);
});

test("opposite turn keys cancel", () => {
  const keyboard = new Keyboard();
  keyboard.press("KeyD");
  expect(keyboard.turn(0.5)).toBeCloseTo(1.8);
  keyboard.press("KeyA");
  expect(keyboard.turn(0.5)).toBe(0);
});

const NOTHING = { buttons: 0, aim: undefined };

test("a gamepad's stick aims and thrusts beyond its dead zones", () => {
  const read = (...pads: Pad[]) => readings([pad([0, 0])], ...pads.map((one) => [one])).at(-1);
  expect(read(pad([0.1, 0.1]))).toEqual(NOTHING);
  expect(read(pad([0, 0.5]), pad([0, 0.4]))).toEqual({ buttons: 0, aim: Math.PI / 2 });
  expect(read(pad([1, 0], { 7: 1, 6: 0.9 }))).toEqual({
    buttons: Buttons.THRUST | Buttons.FIRE | Buttons.BOOST,
    aim: 0,
  });
  expect(read(pad([0, 0], { 1: 1, 12: 1 }))?.buttons).toBe(Buttons.BRAKE | Buttons.BUY_HULL);
  expect(read(pad([]), pad([Number.NaN, 0], {}, { buttons: [] }))).toEqual(NOTHING);
});

test("a worn stick, a trigger that rests down and a pedal do nothing until they are used", () => {
  const worn = pad([0.4, 0.1], { 7: 0.6 });
  expect(readings([worn], [worn])).toEqual([NOTHING, NOTHING]);
  const [, , pressed] = readings([worn], [pad([0.4, 0.1])], [worn]);
  expect(pressed.buttons).toBe(Buttons.FIRE);
  const wheel = { mapping: "" };
  const [still, moved] = readings([pad([-1, 1], {}, wheel)], [pad([0.2, 1], { 5: 1, 12: 1 }, wheel)]);
  expect(still).toEqual(NOTHING);
  expect(moved.buttons).toBe(Buttons.THRUST | Buttons.FIRE);
});

test("the shoulder buttons of a standard pad together keep the moment, once, and what is bound in their place", () => {
  let now: readonly (Pad | null)[] = [];
  const pressed: string[] = [];
  const gamepads = new Gamepads(
    () => now,
    (action) => pressed.push(action),
  );
  const wheel = { mapping: "" };
  const both = { 4: 1, 5: 1 };
  for (const turn of [
    pad([0, 0]),
    pad([0, 0], { 4: 1 }),
    pad([0, 0], both),
    pad([0, 0], both),
    pad([0, 0]),
  ]) {
    now = [turn, pad([0, 0], turn.buttons[4]?.pressed ? both : {}, wheel)];
    gamepads.read();
  }
  expect(pressed).toEqual(["moment"]);
  gamepads.bind(boundPad({ moment: [chordOf(11, 2), 8], signals: [10] }));
  const states: Record<number, number>[] = [{}, both, { 2: 1 }, { 2: 1, 11: 1 }, { 11: 1 }, { 8: 1, 10: 1 }];
  for (const buttons of states) {
    now = [pad([0, 0], buttons)];
    gamepads.read();
  }
  expect(pressed.slice(1).sort()).toEqual(["moment", "moment", "signals"]);
});

test("of two pads the one used last flies, and a pad that is unplugged releases its buttons", () => {
  const rest = [pad([0, 0]), pad([0, 0])];
  const [, one, other, alone, none] = readings(
    rest,
    [pad([1, 0]), rest[1]],
    [pad([1, 0]), pad([0, 1])],
    [pad([1, 0]), null],
    [],
  );
  expect([one.aim, other.aim, alone.aim]).toEqual([0, Math.PI / 2, 0]);
  expect(none).toEqual(NOTHING);
});

test("two thumbs fly, fire and boost at once", () => {
  const touch = new Touch();
  touch.width = 800;
  touch.height = 400;
  touch.down(1, 100, 200);
  expect(touch.read()).toEqual({ buttons: Buttons.BRAKE, aim: undefined });
  touch.move(1, 100, 180);
  expect(touch.read()).toEqual({ buttons: 0, aim: -Math.PI / 2 });
  touch.move(1, 150, 200);
  expect(touch.read()).toEqual({ buttons: Buttons.THRUST, aim: 0 });
  touch.down(2, 600, 100);
  touch.down(3, 800 - BOOST_ZONE.side, 400 - BOOST_ZONE.bottom);
  expect(touch.read().buttons).toBe(Buttons.THRUST | Buttons.FIRE | Buttons.BOOST);
  // A palm beside the thumb changes nothing.
  touch.down(4, 20, 300);
  touch.move(4, 20, 390);
  expect(touch.read().aim).toBe(0);
  touch.up(1);
  touch.up(2);
  expect(touch.read()).toEqual({ buttons: Buttons.BOOST, aim: undefined });
  touch.inset = { left: 0, right: 44, bottom: 21 };
  touch.down(5, 800 - BOOST_ZONE.side - 44, 400 - BOOST_ZONE.bottom - 21);
  touch.up(3);
  expect(touch.read()).toEqual({ buttons: Buttons.BOOST, aim: undefined });
});

test("for the left-handed the halves change sides", () => {
  const touch = new Touch();
  touch.width = 800;
  touch.height = 400;
  touch.leftHanded = true;
  touch.down(1, 700, 200);
  touch.move(1, 750, 200);
  touch.down(2, BOOST_ZONE.side, 400 - BOOST_ZONE.bottom);
  touch.down(3, 100, 50);
  expect(touch.read()).toEqual({ buttons: Buttons.THRUST | Buttons.BOOST | Buttons.FIRE, aim: 0 });
});

test("the assist draws the aim to a ship near its line, never past it, and to nothing far off", () => {
  const at = (angle: number, distance: number) => ({
    dx: Math.cos(angle) * distance,
    dy: Math.sin(angle) * distance,
  });
  expect(assistedAim(1, [])).toBeCloseTo(1);
  const drawn = assistedAim(0, [at(0.08, 20)]);
  expect(drawn).toBeGreaterThan(0.01);
  expect(drawn).toBeLessThan(0.08);
  expect(assistedAim(0, [at(0.3, 20), at(0.08, 60), { dx: 0, dy: 0 }])).toBe(0);
  expect(assistedAim(0, [at(0.1, 10), at(-0.04, 30)])).toBeLessThan(0);
  expect(Math.abs(assistedAim(Math.PI - 0.02, [at(-Math.PI + 0.02, 9)]))).toBeGreaterThan(Math.PI - 0.02);
});

test("only a stick that fires is assisted", () => {
  controls.assists = true;
  controls.targets = [{ dx: 20, dy: 1 }];
  plugged = [pad([1, 0])];
  controls.sample(16);
  expect(controls.aim).toBe(0);
  plugged = [pad([1, 0], { 7: 1 })];
  controls.sample(32);
  controls.sample(48);
  expect(controls.aim).toBeGreaterThan(0);
  expect(controls.aim).toBeLessThan(0.05);
  controls.mouse.move(500, 300);
  controls.sample(64);
  expect(controls.aim).toBe(0);
});

let controls: Controls;
let plugged: Pad[] = [];

beforeEach(() => {
  plugged = [];
  controls = new Controls(() => plugged);
  controls.enabled = true;
  controls.shipAt(400, 300);
  controls.sample(0);
});

test("the mouse aims from the ship, y down", () => {
  controls.mouse.move(400, 500);
  controls.sample(16);
  expect(controls.aim).toBeCloseTo(Math.PI / 2);
  controls.mouse.press(0);
  controls.mouse.press(2);
  controls.sample(32);
  expect(controls.buttons).toBe(Buttons.FIRE | Buttons.THRUST);
  controls.mouse.release(0);
  controls.sample(48);
  expect(controls.buttons).toBe(Buttons.THRUST);
});

test("turn keys aim until the mouse moves again", () => {
  controls.mouse.move(500, 300);
  controls.sample(10);
  controls.keyboard.press("KeyD");
  controls.sample(60);
  controls.keyboard.release("KeyD");
  controls.sample(70);
  expect(controls.aim).toBeCloseTo(0.18);
  controls.mouse.move(300, 300);
  controls.sample(80);
  expect(Math.abs(controls.aim)).toBeCloseTo(Math.PI);
});

test("a released stick keeps its last direction", () => {
  plugged = [pad([0, -1])];
  controls.sample(16);
  expect(controls.aim).toBeCloseTo(-Math.PI / 2);
  plugged = [pad([0, 0])];
  controls.sample(32);
  expect(controls.aim).toBeCloseTo(-Math.PI / 2);
  expect(controls.buttons).toBe(0);
});

test("the mouse keeps the aim from a drifting stick, and takes it from one that is held", () => {
  plugged = [pad([0.42, 0])];
  controls.mouse.move(400, 500);
  controls.sample(16);
  controls.sample(32);
  expect(controls.aim).toBeCloseTo(Math.PI / 2);
  plugged = [pad([-1, 0])];
  controls.sample(48);
  controls.mouse.move(401, 502);
  controls.sample(64);
  expect([Math.abs(controls.aim), controls.buttons]).toEqual([Math.PI, Buttons.THRUST]);
  controls.mouse.move(400, 520);
  controls.sample(80);
  controls.sample(96);
  expect(controls.aim).toBeCloseTo(Math.PI / 2);
  expect(controls.buttons).toBe(0);
  plugged = [pad([0, -1])];
  controls.sample(112);
  expect(controls.aim).toBeCloseTo(-Math.PI / 2);
});

test("what is released out of sight is released", () => {
  controls.keyboard.press("KeyW");
  controls.mouse.press(0);
  controls.touch.down(1, 900, 0);
  controls.releaseAll();
  controls.sample(16);
  expect(controls.buttons).toBe(0);
  controls.mouse.press(0);
  controls.mouse.hold(2);
  controls.sample(32);
  expect(controls.buttons).toBe(Buttons.THRUST);
});

test("a key without a position is found by its letter", () => {
  const keys = [
    { code: "KeyW", key: "z" },
    { code: "", key: "W" },
    { code: "Unidentified", key: "2" },
    { code: "", key: " " },
    { code: "", key: "ArrowLeft" },
    { code: "", key: "Shift" },
  ];
  expect(keys.map(positionOf)).toEqual(["KeyW", "KeyW", "Digit2", "Space", "ArrowLeft", "ShiftLeft"]);
});

test("a tapped button is held long enough for a tick, then released", () => {
  controls.tap(Buttons.BUY_ENGINE, 100);
  controls.sample(110);
  controls.sample(140);
  expect(controls.buttons).toBe(Buttons.BUY_ENGINE);
  controls.sample(400);
  expect(controls.buttons).toBe(0);
});

test("nothing is pressed while a menu is in front", () => {
  controls.keyboard.press("Space");
  controls.enabled = false;
  controls.sample(16);
  expect(controls.buttons).toBe(0);
});

/** A window that the keyboard listens to. */
function typing() {
  const keyboard = new Keyboard();
  const page = new EventTarget();
  keyboard.listen(page as Window, () => true);
  const press = (type: "keydown" | "keyup", code: string, key: string, held: string[] = []) => {
    const modifiers = {
      ctrlKey: held.includes("Control"),
      altKey: held.includes("Alt"),
      metaKey: held.includes("Meta"),
      getModifierState: (name: string) => held.includes(name),
    };
    page.dispatchEvent(Object.assign(new Event(type, { cancelable: true }), { code, key, ...modifiers }));
  };
  return { keyboard, press };
}

test("keys whose release the system hides are released, and shortcuts do not fly", () => {
  vi.stubGlobal("HTMLElement", class {});
  const { keyboard, press } = typing();
  press("keydown", "KeyW", "w");
  press("keydown", "MetaLeft", "Meta", ["Meta"]);
  expect(keyboard.buttons).toBe(0);
  press("keydown", "KeyS", "s", ["Meta"]);
  press("keydown", "KeyS", "s", ["Control"]);
  press("keydown", "KeyS", "s", ["Alt"]);
  expect(keyboard.buttons).toBe(0);
  press("keydown", "KeyW", "w", ["Control", "Alt", "AltGraph"]);
  expect(keyboard.buttons).toBe(Buttons.THRUST);
  press("keyup", "", "W");
  expect(keyboard.buttons).toBe(0);
  vi.unstubAllGlobals();
});
