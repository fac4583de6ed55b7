//! A button that copies a link, and shows the link where the browser does not let the page copy.

import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { copyText } from "../browser/clipboard.ts";

const COPIED_MS = 2500;

export function CopyLink(props: {
  link(): string;
  label: string;
  disabled?: boolean;
  pressed?(): void;
  children(copied: boolean): ComponentChildren;
}): JSX.Element {
  const copied = useSignal(false);
  /** The link to copy by hand. */
  const shown = useSignal("");
  const copy = async () => {
    props.pressed?.();
    const link = props.link();
    copied.value = await copyText(link);
    shown.value = copied.value ? "" : link;
    setTimeout(() => {
      copied.value = false;
    }, COPIED_MS);
  };
  return (
    <>
      <button
        type="button"
        disabled={props.disabled}
        title={props.label}
        aria-label={props.label}
        onClick={() => void copy()}
      >
        {props.children(copied.value)}
      </button>
      {shown.value !== "" && (
        <input
          class="link"
          readOnly
          value={shown.value}
          aria-label={props.label}
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </>
  );
}
