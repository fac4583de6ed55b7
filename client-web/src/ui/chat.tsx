//! Chat and news: lines that fade, and a field that Enter opens.

import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../locale/locale.ts";
import { type Actions, model } from "./model.ts";
import { Talker } from "./talker.tsx";

const TEXT_LIMIT = 120;

export function Chat({ actions }: { actions: Actions }): JSX.Element {
  return (
    <div class="chat">
      <ul aria-live="polite">
        {model.talk.value.map((line) => (
          <li key={line.key} class={line.kind}>
            {line.canMute ? <Talker name={line.who} actions={actions} /> : line.who && <b>{line.who}</b>}{" "}
            {line.text}
          </li>
        ))}
      </ul>
      {model.chatOpen.value && <ChatField actions={actions} />}
    </div>
  );
}

function ChatField({ actions }: { actions: Actions }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  // Before the next key arrives: what is typed right after Enter belongs into the field.
  useLayoutEffect(() => field.current?.focus(), []);
  const close = () => {
    model.chatOpen.value = false;
  };
  const send = (event: Event) => {
    event.preventDefault();
    const text = field.current?.value.trim() ?? "";
    if (text !== "") actions.chat(text);
    close();
  };
  return (
    <form onSubmit={send}>
      <input
        ref={field}
        name="chat"
        autocomplete="off"
        maxLength={TEXT_LIMIT}
        placeholder={t("chat.placeholder")}
        onBlur={close}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Escape") close();
        }}
      />
    </form>
  );
}
