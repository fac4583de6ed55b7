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
          <ChatLine key={line.key} line={line} hasMenu />
        ))}
      </ul>
      {model.chatOpen.value && <ChatField actions={actions} />}
    </div>
  );
}

/** With a menu, a click on the name opens it. */
export function ChatLine({ line, hasMenu }: { line: FeedLine; hasMenu?: boolean }): JSX.Element {
  const { name } = line;
  return (
    <li class={`${line.kind}${line.toTeam ? " to-team" : ""}`}>
      {line.toTeam && <small>{t("team.chat")} </small>}
      {line.canMute && hasMenu ? (
        <PlayerName name={name} />
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

/** What was typed and not sent, and the lines that were, the newest last. */
let draft = "";
const sent: string[] = [];
const SENT_LIMIT_LINES = 20;

function ChatField({ actions }: { actions: Actions }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  // In the layout phase, before the next key: what is typed right after Enter belongs to the field.
  useLayoutEffect(() => field.current?.focus(), []);
  const close = () => {
    model.chatOpen.value = false;
  };
  const { watch, release, isComposing } = useComposing();
  /** The line of `sent` that is shown. */
  const shown = useRef(sent.length);
  const send = (event: Event) => {
    event.preventDefault();
    if (isComposing()) return;
    const text = field.current?.value.trim() ?? "";
    if (text !== "") {
      actions.chat(text);
      sent.push(text);
      sent.splice(0, sent.length - SENT_LIMIT_LINES);
    }
    draft = "";
    close();
  };
  /** Shows an earlier or a later line; behind the newest, the draft. */
  const recall = (step: number) => {
    const input = field.current;
    const line = Math.min(sent.length, Math.max(0, shown.current + step));
    if (!input || line === shown.current) return;
    if (shown.current === sent.length) draft = input.value;
    shown.current = line;
    input.value = sent[line] ?? draft;
    input.setSelectionRange(input.value.length, input.value.length);
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
        value={draft}
        onInput={(event) => {
          draft = event.currentTarget.value;
          shown.current = sent.length;
        }}
        onBlur={close}
        onKeyUp={release}
        onKeyDown={(event) => {
          event.stopPropagation();
          watch(event);
          if (event.key === "Escape" && !isComposing()) close();
          const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
          if (step === undefined || isComposing()) return;
          event.preventDefault();
          recall(step);
        }}
      />
    </form>
  );
}
