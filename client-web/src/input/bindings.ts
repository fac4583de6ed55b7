//! What each key and each button of a gamepad does. A new action is one line of `ACTIONS`, and its name in the locales.

import { Buttons } from "../wasm/schema.ts";

interface Action {
  /** Keys by position, as `KeyboardEvent.code`. */
  keys: readonly string[];
  /** Inputs of a pad in the standard mapping; absent where a pad cannot do it. */
  pad?: readonly number[];
  /** The `Buttons` that it holds down. */
  button?: number;
  /** −1 turns left, 1 right. */
  turn?: number;
}

/** A pad has fewer buttons. An input of a pad is a button, or two that go down together, as a greater number. */
const PAD_BUTTONS_LIMIT = 32;

/** The input of two buttons together. */
export function chordOf(one: number, other: number): number {
  return (Math.min(one, other) + 1) * PAD_BUTTONS_LIMIT + Math.max(one, other);
}

/** The buttons of a pad's input. */
export function buttonsOf(input: number): readonly number[] {
  const first = Math.floor(input / PAD_BUTTONS_LIMIT) - 1;
  return first < 0 ? [input] : [first, input % PAD_BUTTONS_LIMIT];
}

/** In the order in which they are listed. */
export const ACTIONS = {
  thrust: { keys: ["KeyW", "ArrowUp"], pad: [], button: Buttons.THRUST },
  brake: { keys: ["KeyS", "ArrowDown"], pad: [1], button: Buttons.BRAKE },
  left: { keys: ["KeyA", "ArrowLeft"], turn: -1 },
  right: { keys: ["KeyD", "ArrowRight"], turn: 1 },
  boost: { keys: ["ShiftLeft", "ShiftRight"], pad: [0, 6], button: Buttons.BOOST },
  fire: { keys: ["Space"], pad: [7], button: Buttons.FIRE },
  ability: { keys: ["KeyE"], pad: [2], button: Buttons.ABILITY },
  buyHull: { keys: ["Digit1"], pad: [12], button: Buttons.BUY_HULL },
  buyEngine: { keys: ["Digit2"], pad: [15], button: Buttons.BUY_ENGINE },
  buyGun: { keys: ["Digit3"], pad: [13], button: Buttons.BUY_GUN },
  buyHold: { keys: ["Digit4"], pad: [14], button: Buttons.BUY_HOLD },
  chat: { keys: ["Enter", "NumpadEnter"] },
  signals: { keys: ["KeyV"], pad: [3] },
  menu: { keys: [], pad: [9] },
  sound: { keys: ["KeyM"] },
  graph: { keys: ["F3"] },
  moment: { keys: ["KeyK"], pad: [chordOf(4, 5)] },
  skip: { keys: ["KeyX"] },
} as const satisfies Record<string, Action>;

export type ActionName = keyof typeof ACTIONS;
export const ACTION_NAMES = Object.keys(ACTIONS) as ActionName[];

/** The properties of an action, the absent ones included. */
export function actionOf(name: ActionName): Action {
  return ACTIONS[name];
}

/** Whether a pad does an action once per press, which may be that of two buttons; other actions hold down a game button. */
export function isPressed(name: ActionName): boolean {
  return actionOf(name).button === undefined;
}

/** What is bound to each action: keys, or inputs of a pad. */
export type Bound<T> = Readonly<Record<ActionName, readonly T[]>>;
/** The actions that the player has changed. */
export type Changed<T> = Readonly<Partial<Record<ActionName, readonly T[]>>>;

/** Always opens the menu, and ends the choice of a key: a player must not lose the settings. */
export const FIXED_KEY = "Escape";
/** Keys that an action has at most. */
export const KEYS_LIMIT = 2;
/** Keys of the browser or the desktop, and those whose release is not always reported. */
const FOREIGN = /^(Tab|F5|F11|F12|CapsLock|ContextMenu|PrintScreen|(Meta|OS|Control|Alt)(Left|Right)?|Fn|)$/;

/** Whether a key can be bound. */
export function isBindable(code: string): boolean {
  return code !== FIXED_KEY && !FOREIGN.test(code);
}

export function boundKeys(changed: Changed<string>): Bound<string> {
  return withDefaults((action) => action.keys, changed);
}

export function boundPad(changed: Changed<number>): Bound<number> {
  return withDefaults((action) => action.pad ?? [], changed);
}

/** A default that the player has given to another action is taken from its own. */
function withDefaults<T>(defaults: (action: Action) => readonly T[], changed: Changed<T>): Bound<T> {
  const taken = new Set(Object.values(changed).flat());
  const bound = {} as Record<ActionName, readonly T[]>;
  for (const name of ACTION_NAMES)
    bound[name] = changed[name] ?? defaults(actionOf(name)).filter((input) => !taken.has(input));
  return bound;
}

/**
 * Binds `input` in a slot of an action. Returns the changed actions, and the one that has lost the input. Moving within an
 * action loses nothing.
 */
export function bind<T>(
  bound: Bound<T>,
  changed: Changed<T>,
  action: ActionName,
  slot: number,
  input: T,
): { changed: Changed<T>; loser: ActionName | undefined } {
  const loser = ACTION_NAMES.find((other) => other !== action && bound[other].includes(input));
  const own = [...bound[action]];
  own[slot] = input;
  const next = { ...changed, [action]: [...new Set(own)] };
  if (loser) next[loser] = bound[loser].filter((other) => other !== input);
  return { changed: next, loser };
}

/** The action of each key or button. */
export function byInput<T>(bound: Bound<T>): ReadonlyMap<T, ActionName> {
  return new Map(ACTION_NAMES.flatMap((name) => bound[name].map((input) => [input, name] as const)));
}

/** Reads changed bindings that were stored; what is not an action, a key or a button is left out. */
export function readChanged<T>(stored: unknown, isInput: (input: unknown) => input is T): Changed<T> {
  if (typeof stored !== "object" || stored === null) return {};
  const changed: Partial<Record<ActionName, readonly T[]>> = {};
  for (const name of ACTION_NAMES) {
    const inputs = (stored as Record<string, unknown>)[name];
    if (Array.isArray(inputs)) changed[name] = inputs.filter(isInput).slice(0, KEYS_LIMIT);
  }
  return changed;
}

export function isKey(input: unknown): input is string {
  return typeof input === "string" && isBindable(input);
}

export function isPadInput(input: unknown): input is number {
  if (!Number.isInteger(input) || (input as number) < 0) return false;
  const [one, other] = buttonsOf(input as number);
  return other === undefined || (one < other && one < PAD_BUTTONS_LIMIT);
}
