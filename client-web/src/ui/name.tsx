//! What a person wrote as a name. Its direction and its marks stay within it, and a long one is cut off.

import type { JSX } from "preact";

export function Name({ children }: { children: string }): JSX.Element {
  return <bdi class="name">{children}</bdi>;
}
