//! A field for what counts letter by letter: nothing is completed, capitalized or corrected.

import type { JSX } from "preact";

type Props = JSX.IntrinsicElements["input"] & { label: string };

export function VerbatimField({ label, ...input }: Props): JSX.Element {
  return (
    <label>
      <span>{label}</span>
      <input autocomplete="off" autocapitalize="none" spellcheck={false} {...input} />
    </label>
  );
}
