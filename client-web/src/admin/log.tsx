//! The newest lines of the server's log.

import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../locale/locale.ts";
import { admin } from "./model.ts";

/** A view whose end is at most this many CSS pixels away follows the log. */
const FOLLOW_PIXELS = 40;

export function Log(): JSX.Element {
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  const lines = admin.log.value;
  useLayoutEffect(() => {
    if (box.current && follows.current && lines.length > 0) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return (
    <section aria-label={t("admin.section.log")}>
      <pre
        class="panel log"
        ref={box}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          follows.current = scrollHeight - scrollTop - clientHeight < FOLLOW_PIXELS;
        }}
      >
        {lines.join("\n")}
      </pre>
    </section>
  );
}
