//! Devices to buttons and aim.

import { beforeEach, expect, test } from "vitest";
import { Controls } from "../src/input/controls.ts";
import { type Pad, readPad } from "../src/input/gamepad.ts";
import { Keyboard } from "../src/input/keyboard.ts";
import { BOOST_ZONE, Touch } from "../src/input/touch.ts";
import { Buttons } from "../src/wasm/schema.ts";

function pad(axes: number[], pressed: Record<number, number> = {}): Pad {
  return { axes, buttons: Array.from({ length: 17 }, (_, index) => ({ value: pressed[index] ?? 0 })) };
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

test("a gamepad's stick aims and thrusts beyond its dead zones", () => {
  expect(readPad(pad([0.1, 0.1]))).toEqual({ buttons: 0, aim: undefined });
  expect(readPad(pad([0, 0.4]))).toEqual({ buttons: 0, aim: Math.PI / 2 });
  expect(readPad(pad([1, 0], { 7: 1, 6: 0.9 }))).toEqual({
    buttons: Buttons.THRUST | Buttons.FIRE | Buttons.BOOST,
    aim: 0,
  });
  expect(readPad(pad([0, 0], { 1: 1, 12: 1 })).buttons).toBe(Buttons.BRAKE | Buttons.BUY_HULL);
  expect(readPad({ axes: [], buttons: [] })).toEqual({ buttons: 0, aim: undefined });
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
  touch.down(3, 800 - BOOST_ZONE.right, 400 - BOOST_ZONE.bottom);
  expect(touch.read().buttons).toBe(Buttons.THRUST | Buttons.FIRE | Buttons.BOOST);
  touch.up(1);
  touch.up(2);
  expect(touch.read()).toEqual({ buttons: Buttons.BOOST, aim: undefined });
});

let controls: Controls;
let plugged: Pad | undefined;

beforeEach(() => {
  plugged = undefined;
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
  plugged = pad([0, -1]);
  controls.sample(16);
  expect(controls.aim).toBeCloseTo(-Math.PI / 2);
  plugged = pad([0, 0]);
  controls.sample(32);
  expect(controls.aim).toBeCloseTo(-Math.PI / 2);
  expect(controls.buttons).toBe(0);
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
