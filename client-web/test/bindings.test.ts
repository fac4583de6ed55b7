//! Keys and pad buttons: what they do, conflicts, names.

import { expect, test } from "vitest";
import {
  bind,
  boundKeys,
  boundPad,
  buttonsOf,
  byInput,
  chordOf,
  isBindable,
  isKey,
  isPadInput,
  readChanged,
} from "../src/input/bindings.ts";
import { Keyboard } from "../src/input/keyboard.ts";
import { keyLabel, padLabel } from "../src/ui/keys.ts";
import { Buttons } from "../src/wasm/schema.ts";

test("a key that is taken moves, and its old action loses it", () => {
  const { changed, loser } = bind(boundKeys({}), {}, "fire", 0, "KeyW");
  expect(loser).toBe("thrust");
  const bound = boundKeys(changed);
  expect(bound.fire).toEqual(["KeyW"]);
  expect(bound.thrust).toEqual(["ArrowUp"]);
  // The defaults of actions that were not changed stay.
  expect(bound.brake).toEqual(["KeyS", "ArrowDown"]);
  expect(bind(bound, changed, "fire", 1, "KeyW")).toEqual({ changed, loser: undefined });
});

test("no key does two things", () => {
  let changed = {};
  for (const [action, slot, key] of [
    ["left", 0, "KeyQ"],
    ["thrust", 0, "KeyZ"],
    ["moment", 1, "KeyQ"],
    ["boost", 1, "KeyZ"],
  ] as const)
    changed = bind(boundKeys(changed), changed, action, slot, key).changed;
  const all = Object.values(boundKeys(changed)).flat();
  expect(new Set(all).size).toBe(all.length);
});

test("a new default never takes a key that the player has bound", () => {
  expect(boundKeys({ chat: ["KeyK"] }).moment).toEqual([]);
  expect(boundPad({ brake: [0] }).boost).toEqual([6]);
});

test("two buttons of a pad are one input, whichever comes first", () => {
  expect(chordOf(5, 4)).toBe(chordOf(4, 5));
  expect(buttonsOf(chordOf(4, 5))).toEqual([4, 5]);
  expect(padLabel(chordOf(0, 31))).toBe("A + 31");
  for (const input of [0, 31, chordOf(0, 31), chordOf(30, 31)]) expect(isPadInput(input)).toBe(true);
  for (const input of [-1, 0.5, "4", chordOf(4, 4), chordOf(31, 31), 1e9, 2 ** 60])
    expect(isPadInput(input)).toBe(false);
});

test("stored bindings that are not sound are left out", () => {
  expect(
    readChanged({ fire: ["KeyX", 3, "F5", "KeyY", "KeyZ"], fly: ["KeyF"], brake: "KeyB" }, isKey),
  ).toEqual({
    fire: ["KeyX", "KeyY"],
  });
  expect(readChanged("x", isKey)).toEqual({});
});

test("keys of the browser are not bound", () => {
  expect(["Escape", "Tab", "ControlLeft", "MetaRight", "AltLeft", "F5", ""].filter(isBindable)).toEqual([]);
  expect(["KeyA", "F6", "ShiftLeft", "Numpad0", "IntlBackslash"].every(isBindable)).toBe(true);
});

test("the keyboard flies by what is bound", () => {
  const keyboard = new Keyboard();
  keyboard.actions = byInput(boundKeys({ thrust: ["KeyT"], right: ["KeyL"] }));
  keyboard.press("KeyT");
  keyboard.press("KeyL");
  expect(keyboard.press("KeyW")).toBe(false);
  expect(keyboard.buttons).toBe(Buttons.THRUST);
  expect(keyboard.turn(1)).toBeGreaterThan(0);
});

test("keys are called as on the person's keyboard", () => {
  const azerty = new Map([
    ["KeyW", "z"],
    ["Digit1", "&"],
    ["Semicolon", "m"],
  ]);
  const labels = [
    "KeyW",
    "Digit1",
    "Semicolon",
    "ArrowUp",
    "ShiftLeft",
    "Numpad4",
    "NumpadEnter",
    "F3",
    "Escape",
  ];
  expect(labels.map((code) => keyLabel(code, azerty))).toEqual([
    "Z",
    "1",
    "M",
    "↑",
    "Shift",
    "Num 4",
    "Enter",
    "F3",
    "Esc",
  ]);
  expect(["KeyW", "Semicolon", "Backspace"].map((code) => keyLabel(code, new Map()))).toEqual([
    "W",
    ";",
    "Backspace",
  ]);
});
