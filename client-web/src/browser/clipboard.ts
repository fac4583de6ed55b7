//! Copies text.

import { attempt, attemptLater } from "./capability.ts";

/** Returns whether the text was copied. If not, show it: the user can copy it by hand. */
export async function copyText(text: string): Promise<boolean> {
  const modern = async () => {
    await navigator.clipboard.writeText(text);
    return true;
  };
  return (
    (await attemptLater("clipboard", modern, false)) || attempt("clipboard", () => copySelected(text), false)
  );
}

/** Without HTTPS there is no `navigator.clipboard`. */
function copySelected(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.append(field);
  field.select();
  try {
    return document.execCommand("copy");
  } finally {
    field.remove();
  }
}
