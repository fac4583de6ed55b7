//! The controls of one setting.

import type { JSX } from "preact";

export function Toggle(props: { label: string; on: boolean; change(on: boolean): void }): JSX.Element {
  return (
    <label class="toggle">
      <span>{props.label}</span>
      <input
        type="checkbox"
        checked={props.on}
        onChange={(event) => props.change(event.currentTarget.checked)}
      />
    </label>
  );
}

export function Slider(props: {
  label: string;
  low: number;
  high: number;
  value: number;
  disabled?: boolean;
  change(value: number): void;
}): JSX.Element {
  return (
    <label class="slider">
      <span>{props.label}</span>
      <input
        type="range"
        min={props.low}
        max={props.high}
        step="0.05"
        value={props.value}
        disabled={props.disabled}
        onInput={(event) => props.change(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}

export function Choice<T extends string | number>(props: {
  label: string;
  values: readonly T[];
  value: T;
  text(value: T): string;
  change(value: T): void;
}): JSX.Element {
  return (
    <label class="choice">
      <span>{props.label}</span>
      <select
        value={props.values.indexOf(props.value)}
        onChange={(event) => props.change(props.values[event.currentTarget.selectedIndex])}
      >
        {props.values.map((value, index) => (
          <option key={value} value={index}>
            {props.text(value)}
          </option>
        ))}
      </select>
    </label>
  );
}
