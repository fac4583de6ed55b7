//! A field for one line of text with the button that submits it.

import type { JSX } from "preact";
import { CHAT_LIMIT_CHARS } from "../wasm/schema.ts";

export function Line(props: {
  name: string;
  label: string;
  act: string;
  /** What stands in the field at first; it stays there after it was submitted. */
  value?: string;
  /** Says whether the text was taken. */
  submit(text: string): Promise<boolean>;
}): JSX.Element {
  return (
    <form
      class="entry"
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        const text = String(new FormData(form).get(props.name) ?? "").trim();
        if (text === "" && props.value === undefined) return;
        void props.submit(text).then((taken) => {
          if (taken && props.value === undefined) form.reset();
        });
      }}
    >
      <label>
        <span>{props.label}</span>
        <input
          name={props.name}
          autocomplete="off"
          maxLength={CHAT_LIMIT_CHARS}
          defaultValue={props.value ?? ""}
        />
      </label>
      <button type="submit">{props.act}</button>
    </form>
  );
}
