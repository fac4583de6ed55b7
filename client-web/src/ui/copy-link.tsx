//! A button that copies a link, and shows the link where the browser does not let the page copy.

import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { copyText } from "../browser/clipboard.ts";

export function CopyLink(props: {
  link: string;
  label: string;
  disabled?: boolean;
  pressed?(): void;
  children(copied: boolean): ComponentChildren;
}): JSX.Element {
  const { link } = props;
  const copied = useSignal("");
  const shown = useSignal("");
  const copy = async () => {
    props.pressed?.();
    if (await copyText(link)) copied.value = link;
    else shown.value = link;
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
        {props.children(copied.value === link)}
      </button>
      {shown.value === link && (
        <input
          class="link"
          readOnly
          value={link}
          aria-label={props.label}
          onFocus={(event) => event.currentTarget.select()}
        />
      )}
    </>
  );
}
