//! Chat and news: lines that fade, and a field that Enter opens.

import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../locale/locale.ts";
import { CHAT_LIMIT_CHARS } from "../wasm/schema.ts";
import { useComposing } from "./composing.ts";
import { type Actions, type FeedLine, model } from "./model.ts";
import { Name } from "./name.tsx";
import { PlayerName } from "./player-name.tsx";

export function Chat({ actions }: { actions: Actions }): JSX.Element {
  return (
    <div class="chat">
      <ul aria-live="polite">
        {model.chat.value.map((line) => (
          <ChatLine key={line.key} line={line} actions={actions} />
        ))}
      </ul>
      {model.chatOpen.value && <ChatField actions={actions} />}
    </div>
  );
}

/** Without `actions` nobody can be muted. */
export function ChatLine({ line, actions }: { line: FeedLine; actions?: Actions }): JSX.Element {
  const { name } = line;
  return (
    <li class={`${line.kind}${line.toTeam ? " to-team" : ""}`}>
      {line.toTeam && <small>{t("team.chat")} </small>}
      {line.canMute && actions ? (
        <PlayerName name={name} actions={actions} />
      ) : (
        name && (
          <b>
            <Name>{name}</Name>
          </b>
        )
      )}{" "}
      <bdi>{line.text}</bdi>
    </li>
  );
}

function ChatField({ actions }: { actions: Actions }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  // In the layout phase, before the next key: what is typed right after Enter belongs to the field.
  useLayoutEffect(() => field.current?.focus(), []);
  const close = () => {
    model.chatOpen.value = false;
  };
  const { watch, release, isComposing } = useComposing();
  const send = (event: Event) => {
    event.preventDefault();
    if (isComposing()) return;
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
        enterkeyhint="send"
        maxLength={CHAT_LIMIT_CHARS}
        placeholder={t("chat.placeholder")}
        onBlur={close}
        onKeyUp={release}
        onKeyDown={(event) => {
          event.stopPropagation();
          watch(event);
          if (event.key === "Escape" && !isComposing()) close();
        }}
      />
    </form>
  );
}
