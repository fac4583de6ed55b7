//! Input methods for Chinese, Japanese and Korean: Enter and Escape belong to them while a word is composed.

import type { TargetedKeyboardEvent } from "preact";
import { useRef } from "preact/hooks";

/** The key code of all keys that an input method handles. Safari reports Enter after the composition has ended. */
const HANDLED_BY_INPUT_METHOD = 229;

/** Whether the key that is down in a field went to an input method. */
export function useComposing(): {
  /** Takes the field's `keydown` events. */
  watch(event: TargetedKeyboardEvent<HTMLInputElement>): void;
  /** Takes its `keyup` and `blur` events. */
  release(): void;
  isComposing(): boolean;
} {
  const composing = useRef(false);
  return {
    watch: (event) => {
      composing.current = event.isComposing || event.keyCode === HANDLED_BY_INPUT_METHOD;
    },
    release: () => {
      composing.current = false;
    },
    isComposing: () => composing.current,
  };
}
